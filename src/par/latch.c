#include "par/latch.h"

#include "base/sanitizer.h"

uint64_t wefti_latch_read(wefti_job *job)
{
    /* acquire [latch.done]: receives what the thief wrote. */
    uint64_t state = wefti_load_acquire(&job->state);
    if (wefti_latch_is_open(state)) {
        wefti_tsan_acquire(&job->state); /* [latch.done] */
    }
    return state;
}

/* The waiter's place in the pool outlives the job. */
static void wake_waiter(weft_pool *pool, uint64_t state)
{
    uint32_t waiter = (uint32_t)(state >> WEFTI_WAITER_SHIFT);
    if (waiter != 0) {
        wefti_parker_unpark(&pool->members[waiter - 1].parker);
    }
}

void wefti_latch_sign(wefti_job *job, const wefti_member *thief)
{
    uint64_t name = (uint64_t)(thief->index + 1) << WEFTI_THIEF_SHIFT;
    /* relaxed: a hint to the waiter whom to help; PENDING is zero, and a
     * waiter that is already there stays. */
    uint64_t before = wefti_add_relaxed(&job->state, name | WEFTI_RUNNING);
    wake_waiter(thief->pool, before);
}

void wefti_latch_open(weft_pool *pool, wefti_job *job, enum wefti_phase phase)
{
    wefti_tsan_release(&job->state); /* [latch.done] */
    /* release [latch.done]: hands over what the thief wrote. Nothing comes
     * back with the waiter's name: a parker can be unparked at any time. */
    uint64_t before = wefti_swap_release(&job->state, (uint64_t)phase);
    /* The job may be gone from here on. */
    wake_waiter(pool, before);
}

bool wefti_latch_await(wefti_job *job, const wefti_member *m, uint64_t seen)
{
    uint64_t name = (uint64_t)(m->index + 1) << WEFTI_WAITER_SHIFT;
    /* relaxed: hands over no more than the name, and who finds the latch
     * changed has yet to read it. */
    return wefti_cas_relaxed(&job->state, &seen, (uint32_t)seen | name);
}
