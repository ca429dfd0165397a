/* An asymmetric fence: free on the side that is frequent, dear on the other.
 *
 * The store/load duel: two threads each write their own word and then read the
 * other's, and at least one must see the other's write. Normally both pay a
 * full fence in between. Here the frequent side calls wefti_fence_light, which
 * only stops the compiler, and the rare side calls wefti_fence_heavy, which
 * makes every running thread of the process execute a full fence (Linux's
 * membarrier, expedited).
 *
 * Where membarrier is missing, and in sanitizer builds (ThreadSanitizer does
 * not see fences), wefti_asym is false: both sides then must make the accesses
 * themselves seq_cst, for which the frequent side has wefti_store_light. */
#ifndef WEFT_SRC_BASE_ASYM_H
#define WEFT_SRC_BASE_ASYM_H

#include <weft/base/atomic.h>

/* Constant once wefti_asym_init has run. */
extern bool wefti_asym;

/* Register the process; idempotent, cheap, any thread, before the first duel.
 * A forked child stays registered. */
void wefti_asym_init(void);

/* Full fence on every thread of the process, this one included; nothing if
 * wefti_asym is false. errno is preserved. Aborts if the kernel refuses what it
 * had agreed to. */
void wefti_fence_heavy(void);

static inline void wefti_fence_light(void)
{
    __asm__ volatile("" ::: "memory");
}

/* Store, then be ready to read what the rare side wrote: the frequent side's
 * half of the duel. The store has release order where the fence is asymmetric,
 * else it is seq_cst, and the read that follows must then be seq_cst as well.
 */
#define wefti_store_light(a, v)                 \
    do {                                        \
        if (WEFT_LIKELY(wefti_asym)) {          \
            wefti_store_release((a), (v));      \
            wefti_fence_light();                \
        } else {                                \
            (void)wefti_swap_seq_cst((a), (v)); \
        }                                       \
    } while (0)

#endif
