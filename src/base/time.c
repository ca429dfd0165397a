#include <weft/base/time.h>

#include <time.h>

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

uint64_t weft_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static weft_deadline after(uint64_t count, uint64_t unit)
{
    uint64_t ns;
    if (__builtin_mul_overflow(count, unit, &ns) ||
        __builtin_add_overflow(ns, weft_now_ns(), &ns)) {
        return WEFT_FOREVER;
    }
    return weft_deadline_at_ns(ns);
}

weft_deadline weft_deadline_after_ns(uint64_t ns)
{
    return after(ns, 1);
}

weft_deadline weft_deadline_after_us(uint64_t us)
{
    return after(us, NS_PER_US);
}

weft_deadline weft_deadline_after_ms(uint64_t ms)
{
    return after(ms, NS_PER_MS);
}

weft_deadline weft_deadline_after_s(uint64_t s)
{
    return after(s, NS_PER_S);
}

bool weft_deadline_passed(weft_deadline d)
{
    return !weft_deadline_is_forever(d) && weft_now_ns() >= d.ns;
}
