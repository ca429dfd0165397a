/* Jobs: offered by fork, asked back by join, run by whoever was first. */
#include "par/job.h"

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/sanitizer.h"
#include "par/latch.h"
#include "par/pool.h"
#include "par/sleep.h"
#include "sync/joins.h"

#include <weft/base/unwind.h>
#include <weft/par/task.h>

#include <sched.h>

static const uint64_t wait_spin_ns = WEFTI_PATIENCE(20000);

/* The fork through which a thread became a guest is marked in the deque, so
 * that the inlined join does not recognise it and its end is noticed here. */
static void *marked(wefti_job *job)
{
    return (char *)job + 1;
}

static wefti_job *unmarked(void *item)
{
    return (wefti_job *)(void *)((char *)item - ((uintptr_t)item & 1));
}

void wefti_job_push_slow(wefti_job *job)
{
    wefti_member *m = NULL;
    wefti_tsan_release(&job->state); /* [deque.publish] */
    if (wefti_this_worker == NULL) {
        m = wefti_guest_enter_default(job);
    }
    if (m == NULL || !wefti_deque_push(&m->worker.deque, marked(job))) {
        /* relaxed: the maker's own, nobody else knows the job. */
        wefti_store_relaxed(&job->state, WEFTI_DEFERRED);
        return;
    }
    m->entry = job;
    if (wefti_deque_wanted(&m->worker.deque)) {
        wefti_worker_feed(&m->worker);
    }
}

wefti_job *wefti_job_steal(wefti_member *victim)
{
    void *item = wefti_deque_steal(&victim->worker.deque);
    if (item == NULL) {
        return NULL;
    }
    wefti_job *job = unmarked(item);
    /* [deque.publish]: inlined forks are seen to release bottom; where the
     * library itself forks, it releases the job. */
    wefti_tsan_acquire(&victim->worker.deque.bottom);
    wefti_tsan_acquire(&job->state);
    return job;
}

static void call(void *job)
{
    ((wefti_job *)job)->run(job);
}

/* NULL, and the message is lost, when there is no memory for it. */
static weft_panic_info *keep(const weft_panic_info *info)
{
    weft_panic_info *kept = WEFTI_NEW(weft_panic_info);
    if (kept != NULL) {
        *kept = *info;
    }
    return kept;
}

void wefti_job_run_stolen(wefti_member *m, wefti_job *job)
{
    weft_panic_info info;
    WEFTI_CHECKED(wefti_task task);
    WEFTI_CHECKED(wefti_task_begin(&task, job));
    wefti_latch_sign(job, m);
    const weft_status end = weft_catch_unwind(call, job, &info);
    WEFTI_CHECKED(wefti_task_end(&task));
    if (end == WEFT_OK) {
        wefti_latch_open(m->pool, job, WEFTI_DONE);
    } else {
        job->panic = keep(&info);
        wefti_latch_open(m->pool, job, WEFTI_PANICKED);
    }
}

/* Steal from the thief of `job` and run it. Only what the thief forked while
 * it is at this job will do: if the job turns out to be finished after the
 * theft, the loot may be a stranger's, and is handed back to its maker.
 * false: there was nothing. */
static bool help_thief(wefti_member *m, wefti_job *job)
{
    wefti_member *thief = wefti_latch_thief(m->pool, wefti_latch_read(job));
    wefti_job *loot = thief != NULL ? wefti_job_steal(thief) : NULL;
    if (loot == NULL) {
        return false;
    }
    if (wefti_latch_is_open(wefti_latch_read(job))) {
        wefti_latch_open(m->pool, loot, WEFTI_RETURNED);
    } else {
        wefti_job_run_stolen(m, loot);
    }
    return true;
}

static void await_thief(wefti_member *m, wefti_job *job)
{
    uint64_t begin = 0;
    WEFTI_CHECKED(const uint32_t join = wefti_join_begin(job));
    while (!wefti_latch_is_open(wefti_latch_read(job))) {
        /* A panic on its way must not run strangers' code under it. */
        if (!weft_panicking() && help_thief(m, job)) {
            begin = 0;
            continue;
        }
        uint64_t now = weft_now_ns();
        begin = begin != 0 ? begin : now;
        if (now - begin < wait_spin_ns) {
            wefti_spin_hint();
            continue;
        }
        wefti_sleep_on(m, job);
    }
    WEFTI_CHECKED(wefti_join_end(join));
}

/* The thread stopped being a guest, because it joined an older fork first. */
static void await_from_outside(wefti_job *job)
{
    while (!wefti_latch_is_open(wefti_latch_read(job))) {
        (void)sched_yield();
    }
}

/* Take the job out of the deque. What is newer is kept for its own join, not
 * run: its maker may hold locks by now that it did not hold at the fork. */
static bool reclaim(wefti_member *m, wefti_job *job)
{
    void *item;
    while ((item = wefti_deque_pop(&m->worker.deque)) != NULL) {
        if (unmarked(item) == job) {
            return true;
        }
        /* relaxed: out of the deque, it is the maker's own. */
        wefti_store_relaxed(&unmarked(item)->state, WEFTI_DEFERRED);
    }
    return false;
}

/* Whether the deque must not keep what is newer than the job: a waiter steals,
 * and who steals has an empty deque; a guest leaves nothing behind. */
static bool must_empty(const wefti_member *m, const wefti_job *job,
                       uint64_t state)
{
    return m != NULL && (m->entry == job || !wefti_latch_is_open(state));
}

/* Get the job into its maker's hands, waiting for the thief if there is one.
 * true: it has not run.  false: it has; its state is DONE or PANICKED. */
static bool settle(wefti_member *m, wefti_job *job)
{
    if (must_empty(m, job, wefti_latch_read(job)) && reclaim(m, job)) {
        return true;
    }
    if (m != NULL) {
        await_thief(m, job);
    } else {
        await_from_outside(job);
    }
    enum wefti_phase phase = wefti_latch_phase(wefti_latch_read(job));
    return phase == WEFTI_DEFERRED || phase == WEFTI_RETURNED;
}

/* Whether this was the fork through which the thread became a guest. */
static bool was_entry(wefti_member *m, const wefti_job *job)
{
    bool entry = m != NULL && m->entry == job;
    if (entry) {
        m->entry = NULL; /* from here on a panic only has to leave */
    }
    return entry;
}

/* Go on with a thief's panic in the maker's thread. */
static WEFT_NORETURN void carry(weft_panic_info *panic)
{
    if (panic == NULL) {
        weft_panic("a forked task panicked; there was no memory to keep its "
                   "message");
    }
    weft_panic_info info = *panic;
    WEFTI_DELETE(panic);
    weft_panic_at(info.file, info.line, "%s", info.message);
}

void wefti_job_wait(wefti_job *job)
{
    wefti_member *m = wefti_this_member();
    bool fresh = settle(m, job);
    bool entry = was_entry(m, job);
    if (fresh) {
        job->run(job);
    }
    if (entry) {
        wefti_guest_leave_default(m);
    }
    if (!fresh && wefti_latch_phase(wefti_latch_read(job)) == WEFTI_PANICKED) {
        carry(job->panic);
    }
}

/* Make sure that nobody runs the job, now or later. */
static void cancel(wefti_job *job)
{
    wefti_member *m = wefti_this_member();
    if (settle(m, job)) {
        /* relaxed: the maker's own again. */
        wefti_store_relaxed(&job->state, WEFTI_DONE);
    } else if (wefti_latch_phase(wefti_latch_read(job)) == WEFTI_PANICKED) {
        WEFTI_DELETE(job->panic);
        wefti_store_relaxed(&job->state, WEFTI_DONE); /* relaxed: as above */
    }
    if (was_entry(m, job)) {
        wefti_guest_leave_default(m);
    }
}

void wefti_job_leave(wefti_job *job)
{
    if (weft_panicking() || wefti_get_self()->exiting > 0) {
        cancel(job);
    } else {
        wefti_job_wait(job);
    }
}

static void abandon_job(void *job)
{
    (void)wefti_held_remove(job, "weft_fork");
    cancel(job);
}

const wefti_lock_kind wefti_job_kind = {"fork", abandon_job};

static void abandon_guest(void *member)
{
    wefti_member *m = member;
    if (m->entry != NULL) {
        cancel(m->entry); /* leaves as well */
    } else {
        wefti_guest_leave_default(m);
    }
}

static const wefti_lock_kind guest_kind = {"pool", abandon_guest};

wefti_member *wefti_guest_enter_default(const void *depth)
{
    if (!wefti_held_has_room()) {
        return NULL;
    }
    wefti_member *m = wefti_guest_enter(wefti_pool_default());
    wefti_pool_default_done();
    if (m != NULL) {
        wefti_held_push(m, 0, &guest_kind, depth);
    }
    return m;
}

/* A panic may have left already: the record is also heard for the frame whose
 * cleanup is next (under AddressSanitizer's fake stack, a little early). */
void wefti_guest_leave_default(wefti_member *m)
{
    if (!wefti_held_pop(m)) {
        if (!wefti_held_contains(m)) {
            return;
        }
        (void)wefti_held_remove(m, "weft_join");
    }
    wefti_guest_leave(m);
}

typedef struct pair_job {
    wefti_job base;
    void (*fn)(void *arg);
    void *arg;
} pair_job;

static void run_pair(wefti_job *job)
{
    pair_job *pair = (pair_job *)job;
    pair->fn(pair->arg);
}

void weft_par_join(void (*fn_a)(void *arg), void *arg_a,
                   void (*fn_b)(void *arg), void *arg_b)
{
    pair_job b = {.fn = fn_b, .arg = arg_b};
    wefti_tsan_release(&b.base.state); /* [deque.publish] */
    wefti_job *guard WEFT_CLEANUP(wefti_job_guard) =
        wefti_job_fork(&b.base, run_pair);
    fn_a(arg_a);
    if (wefti_job_take_back(&guard)) {
        fn_b(arg_b);
    } else {
        wefti_job_wait(&b.base);
    }
}
