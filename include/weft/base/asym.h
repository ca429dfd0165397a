/* The light side of an asymmetric fence. Private by its names; public as a
 * file because the inlined fast path of fork and join takes that side.
 *
 * The store/load duel: two threads each write their own word and then read the
 * other's, and at least one must see the other's write. Normally both pay a
 * full fence in between. Here the frequent side calls wefti_fence_light, which
 * only stops the compiler, and the rare side calls wefti_fence_heavy
 * (src/base/asym.h), which makes every running thread of the process execute a
 * full fence (Linux's membarrier, expedited).
 *
 * Where membarrier is missing, and in programs under ThreadSanitizer (which
 * does not see fences), wefti_asym is false: both sides then must make the
 * accesses themselves seq_cst, for which the frequent side has
 * wefti_store_light. */
#ifndef WEFT_BASE_ASYM_H
#define WEFT_BASE_ASYM_H

#include <weft/base/atomic.h>

WEFT_BEGIN_DECLS

/* Constant once wefti_asym_init has run. */
WEFT_API extern bool wefti_asym;

WEFT_ALWAYS_INLINE void wefti_fence_light(void)
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

WEFT_END_DECLS

#endif
