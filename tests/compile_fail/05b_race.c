/* 5. A counter that two threads change
 *
 * all       tsan       data race
 */
#include <weft/weft.h>

#ifdef FIXED
typedef weft_atomic_u64 counter;
#else
typedef uint64_t counter;
#endif

static void count(void *arg)
{
    counter *c = arg;
    for (int i = 0; i < 1000; i++) {
#ifdef FIXED
        weft_atomic_u64_add_relaxed(c, 1);
#else
        *c += 1;
#endif
    }
}

int main(void)
{
    static counter c;
    WEFT_SCOPE(s) {
        weft_status first = weft_scope_spawn(&s, count, &c);
        weft_status second = weft_scope_spawn(&s, count, &c);
        weft_require(first == WEFT_OK && second == WEFT_OK);
    }
    return 0;
}
