/* What a pool's own thread does all day: steal, run, sleep. */
#include "par/worker.h"

#include "base/backoff.h"
#include "base/futex.h"
#include "par/job.h"
#include "par/pool.h"
#include "par/sleep.h"

#include <weft/base/time.h>

#include <sched.h>

enum { LOOKS_A_YIELD = 1 + WEFTI_PATIENCE(63) };

/* A new job within this time costs no wake-up. */
static const uint64_t search_ns = WEFTI_PATIENCE(50000);

static bool is_over(uint64_t begin)
{
    const uint64_t now = weft_now_ns();
    return now - begin >= search_ns;
}

__thread wefti_worker *wefti_this_worker;

/* One look at everybody, beginning with the last one robbed. Who has nothing
 * is asked to share: a loop publishes its remainder only when it is wanted. */
static wefti_job *look_around(wefti_member *m)
{
    weft_pool *pool = m->pool;
    for (size_t i = 0; i < pool->size; i++) {
        uint32_t at = (uint32_t)((m->victim + i) % pool->size);
        wefti_member *victim = &pool->members[at];
        wefti_job *job = victim != m ? wefti_job_steal(victim) : NULL;
        if (job != NULL) {
            m->victim = at;
            return job;
        }
        /* relaxed: a hint, to leave the owner its line if it knows. */
        if (wefti_load_relaxed(&victim->worker.deque.wanted) == 0) {
            wefti_deque_want(&victim->worker.deque);
        }
    }
    return NULL;
}

static bool is_stopping(weft_pool *pool)
{
    /* relaxed: nothing is read after it, and who sleeps past it is woken by a
     * permission that hands it over. */
    return wefti_load_relaxed(&pool->stopping) != 0;
}

/* Bounded by search_ns. */
static wefti_job *search(wefti_member *m)
{
    uint64_t begin = weft_now_ns();
    for (uint32_t looks = 1;; looks++) {
        wefti_job *job = look_around(m);
        if (job != NULL || is_stopping(m->pool)) {
            return job;
        }
        if (looks % LOOKS_A_YIELD != 0) {
            wefti_spin_hint();
        } else if (!is_over(begin)) {
            (void)sched_yield();
        } else {
            return NULL;
        }
    }
}

void *wefti_worker_main(void *member)
{
    wefti_member *m = member;
    wefti_this_worker = &m->worker;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while (!is_stopping(m->pool)) {
        wefti_job *job = search(m);
        if (job != NULL) {
            wefti_job_run_stolen(m, job);
        } else if (!is_stopping(m->pool)) {
            wefti_sleep_idle(m);
        }
    }
    /* relaxed: who sees it joins the thread. */
    wefti_store_relaxed(&m->gone, 1u);
    wefti_futex_wake_all(&m->gone);
    return NULL;
}

/* Claim the place for the calling thread. */
static bool claim(wefti_member *m)
{
    uint32_t seen = 0;
    /* relaxed: a look before the swap. acquire [member.taken]: receives the
     * deque as the guest before left it. */
    return wefti_load_relaxed(&m->taken) == 0 &&
           wefti_cas_acquire(&m->taken, &seen, 1u);
}

wefti_member *wefti_guest_enter(weft_pool *pool)
{
    if (pool == NULL) {
        return NULL;
    }
    /* acquire [pool.dormant]: the threads are started. */
    if (WEFT_UNLIKELY(wefti_load_acquire(&pool->dormant))) {
        wefti_pool_start(pool);
    }
    for (size_t i = pool->threads; i < pool->size; i++) {
        wefti_member *m = &pool->members[i];
        if (claim(m)) {
            m->outer = wefti_this_worker;
            m->entry = NULL;
            m->thread = pthread_self();
            wefti_this_worker = &m->worker;
            return m;
        }
    }
    return NULL;
}

void wefti_guest_leave(wefti_member *m)
{
    wefti_this_worker = m->outer;
    /* release [member.taken]: hands the deque to the next guest. */
    wefti_store_release(&m->taken, 0u);
}
