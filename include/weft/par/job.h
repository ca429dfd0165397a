/* A job: work that its maker needs back, and that a thief may do meanwhile.
 * Private by its names; public as a file because fork and join are inlined.
 *
 * A job lives in the frame that forks it and dies with that frame, so every
 * way out of the frame goes through wefti_job_wait or wefti_job_cancel. Its
 * states stand in src/par/job.c, the argument in src/par/README.md. */
#ifndef WEFT_PAR_JOB_H
#define WEFT_PAR_JOB_H

#include <weft/base/panic.h>
#include <weft/base/self.h>
#include <weft/queue/deque.h>

WEFT_BEGIN_DECLS

typedef struct wefti_job {
    void (*run)(struct wefti_job *job); /* constant while it is forked */
    WEFT_ATOMIC(uint64_t) state;
    weft_panic_info *panic; /* written by the thief before PANICKED; owned */
} wefti_job;

/* The part of a worker that inlined code uses; the rest is private. */
typedef struct wefti_worker {
    wefti_deque deque;
} wefti_worker;

/* The worker that this thread is at the moment; NULL: none. */
WEFT_API extern __thread wefti_worker *wefti_this_worker
    __attribute__((tls_model("initial-exec")));

/* The state of a job that is in its maker's deque. */
#define WEFTI_JOB_PENDING ((uint64_t)0)

/* fork when there is no worker yet, or no room. Always succeeds: at worst the
 * job is left for its maker to do at the join. */
WEFT_API WEFT_COLD void wefti_job_push_slow(wefti_job *job);

/* Somebody wished to be told of a push: wake who sleeps. */
WEFT_API WEFT_COLD void wefti_worker_feed(wefti_worker *w);

/* join when the job is not simply the newest: do it here, or wait for its
 * thief. Blocks. Returns when it has run; panics with the job's own panic. */
WEFT_API WEFT_COLD void wefti_job_wait(wefti_job *job);

/* The frame is left without a join: while panicking take the job back undone,
 * else do it; in both cases wait if a thief has it. Blocks. */
WEFT_API WEFT_COLD void wefti_job_leave(wefti_job *job);

/* Where frames have no cleanups that a panic would run, the thread's record of
 * held locks stands in: it is told of each job. */
WEFT_API extern const wefti_lock_kind wefti_job_kind;
#if defined(__EXCEPTIONS)
#define WEFTI_JOB_RECORDED 0
#else
#define WEFTI_JOB_RECORDED 1
#endif

/* For WEFT_CLEANUP on the variable that stands for a fork not yet joined. */
WEFT_ALWAYS_INLINE void wefti_job_guard(wefti_job **job)
{
    if (WEFT_UNLIKELY(*job != NULL)) {
        if (WEFTI_JOB_RECORDED) {
            (void)wefti_held_remove(*job, "weft_fork");
        }
        wefti_job_leave(*job);
    }
}

WEFT_ALWAYS_INLINE wefti_job *wefti_job_fork(wefti_job *job,
                                             void (*run)(wefti_job *job))
{
    job->run = run;
    /* relaxed: published by the push. */
    wefti_store_relaxed(&job->state, WEFTI_JOB_PENDING);
    if (WEFTI_JOB_RECORDED) {
        weft_require(wefti_held_has_room());
        wefti_held_push(job, 0, &wefti_job_kind, job);
    }
    wefti_worker *w = wefti_this_worker;
    if (WEFT_UNLIKELY(w == NULL || !wefti_deque_push(&w->deque, job))) {
        wefti_job_push_slow(job);
    } else if (WEFT_UNLIKELY(wefti_deque_wanted(&w->deque))) {
        wefti_worker_feed(w);
    }
    return job;
}

/* Begin the join. true: the job is the caller's again and has not run: call it
 * directly. false: call wefti_job_wait. */
WEFT_ALWAYS_INLINE bool wefti_job_take_back(wefti_job **guard)
{
    wefti_job *job = *guard;
    if (WEFT_UNLIKELY(job == NULL)) {
        weft_panic("weft_join: this fork has already been joined");
    }
    *guard = NULL;
    if (WEFTI_JOB_RECORDED && !wefti_held_pop(job)) {
        (void)wefti_held_remove(job, "weft_join");
    }
    wefti_worker *w = wefti_this_worker;
    return WEFT_LIKELY(w != NULL) && wefti_deque_take(&w->deque, job);
}

WEFT_END_DECLS

#endif
