/* The one way to say time: a point on the monotonic clock. */
#ifndef WEFT_BASE_TIME_H
#define WEFT_BASE_TIME_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* A weft_deadline is the moment at which a wait gives up.
 * It is absolute, in nanoseconds of CLOCK_MONOTONIC, so that it survives
 * retries and can be handed on. Building one never overflows: what lies beyond
 * the end of the clock is WEFT_FOREVER, what lies in the past has passed. */
typedef struct weft_deadline {
    uint64_t ns;
} weft_deadline;

/* Nanoseconds of the monotonic clock since some fixed point in the past. */
WEFT_API WEFT_NODISCARD uint64_t weft_now_ns(void);

/* The moment that is `ns` nanoseconds (us, ms, s) from now. */
WEFT_API WEFT_NODISCARD weft_deadline weft_deadline_after_ns(uint64_t ns);
WEFT_API WEFT_NODISCARD weft_deadline weft_deadline_after_us(uint64_t us);
WEFT_API WEFT_NODISCARD weft_deadline weft_deadline_after_ms(uint64_t ms);
WEFT_API WEFT_NODISCARD weft_deadline weft_deadline_after_s(uint64_t s);

/* Whether the moment has come. WEFT_FOREVER never does. */
WEFT_API WEFT_NODISCARD bool weft_deadline_passed(weft_deadline d);

/* The deadline that never comes: a wait until then is the plain wait. */
#define WEFT_FOREVER (weft_deadline_at_ns(UINT64_MAX))

/* The moment at `ns` on the clock of weft_now_ns. */
WEFT_INLINE weft_deadline weft_deadline_at_ns(uint64_t ns)
{
    weft_deadline d = {ns};
    return d;
}

WEFT_INLINE bool weft_deadline_is_forever(weft_deadline d)
{
    return d.ns == UINT64_MAX;
}

WEFT_END_DECLS

#endif
