/* The state word of a job: how its maker learns that a thief is done.
 *
 * Bits 0..7 the phase, 8..31 the thief, 32..63 the waiter: 1 + index of a
 * member of the pool, 0 for none.
 *
 * PENDING   in the maker's deque, or in the hands of a thief that has not
 *           signed yet                        -> RUNNING   thief, signs
 * DEFERRED  never offered, or taken back from the deque to get at an older
 *           one; maker only                   -> (run by the maker)
 * RUNNING   the thief is at it                -> DONE, PANICKED   thief
 * RETURNED  stolen and handed back untouched  -> (run by the maker)
 * DONE, PANICKED   final; the maker's frame may vanish
 * PENDING -> DEFERRED, DONE by the maker only after it took the job out of its
 * deque; PENDING -> RETURNED by a thief only. The waiter is set by the maker
 * while PENDING or RUNNING and never cleared: it may be stale-set (the maker
 * has woken by itself), which costs one wasted permission. A waiter asleep
 * whose word does not name it is illegal. */
#ifndef WEFT_SRC_PAR_LATCH_H
#define WEFT_SRC_PAR_LATCH_H

#include "par/pool.h"

enum wefti_phase {
    WEFTI_PENDING = 0,
    WEFTI_DEFERRED = 1,
    WEFTI_RUNNING = 2,
    WEFTI_RETURNED = 3,
    WEFTI_DONE = 4,
    WEFTI_PANICKED = 5,
};

enum { WEFTI_THIEF_SHIFT = 8, WEFTI_WAITER_SHIFT = 32 };

static inline enum wefti_phase wefti_latch_phase(uint64_t state)
{
    return (enum wefti_phase)(state & 0xff);
}

/* The thief that signed, or NULL. */
static inline wefti_member *wefti_latch_thief(weft_pool *pool, uint64_t state)
{
    uint32_t thief = (uint32_t)state >> WEFTI_THIEF_SHIFT;
    return thief != 0 ? &pool->members[thief - 1] : NULL;
}

/* Whether the wait is over: the job need not, or cannot, be waited for. */
static inline bool wefti_latch_is_open(uint64_t state)
{
    return wefti_latch_phase(state) >= WEFTI_RETURNED ||
           wefti_latch_phase(state) == WEFTI_DEFERRED;
}

/* acquire: what the thief did before it opened the latch is visible. */
uint64_t wefti_latch_read(wefti_job *job);

/* The thief signs the job, and wakes the waiter, which did not know whom to
 * help. */
void wefti_latch_sign(wefti_job *job, const wefti_member *thief);

/* The thief lets go of the job, in its final phase, and wakes the waiter. The
 * job may be gone before this returns. */
void wefti_latch_open(weft_pool *pool, wefti_job *job, enum wefti_phase phase);

/* The maker writes itself down as the waiter, if the latch is as it was `seen`,
 * which was not open. false: it has changed, look again. */
WEFT_NODISCARD bool wefti_latch_await(wefti_job *job, const wefti_member *m,
                                      uint64_t seen);

#endif
