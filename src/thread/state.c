/* RUNNING   nobody sleeps on the phase   RUNNING -> AWAITED    reap
 * AWAITED   the handle's owner sleeps,   RUNNING|AWAITED -> FINISHED  finish
 *           or is about to
 * FINISHED  final; result and outcome are written, all locks are released
 * AWAITED may be stale (the owner's deadline came): one wasted wake-up.
 * RUNNING with a sleeper is illegal: it would never be woken. */
#include "thread/state.h"

#include "base/alloc.h"
#include "base/futex.h"
#include "base/process.h"
#include "base/sanitizer.h"
#include "sync/joins.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { RUNNING = 0, AWAITED = 1, FINISHED = 2 };

static __thread wefti_thread *self_state; /* owner only; holds a reference */

wefti_thread *wefti_thread_self(void)
{
    return self_state;
}

void wefti_thread_set_self(wefti_thread *state)
{
    self_state = state;
}

static size_t round_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

size_t wefti_thread_stack_size(size_t wanted)
{
    const size_t least = (size_t)PTHREAD_STACK_MIN;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t size = wanted > least ? wanted : least;
    return size > SIZE_MAX - page ? SIZE_MAX - page + 1
                                  : (size + page - 1) & ~(page - 1);
}

wefti_thread *wefti_thread_create(const char *name, const wefti_thread_job *job)
{
    static const wefti_thread_job no_job = {.align = 1};
    if (job == NULL) {
        job = &no_job;
    }
    const size_t align = job->align > WEFT_ALIGNOF(wefti_thread)
                             ? job->align
                             : WEFT_ALIGNOF(wefti_thread);
    const size_t frame_at = round_up(sizeof(wefti_thread), align);
    const size_t name_size = name != NULL ? strlen(name) + 1 : 1;
    const size_t size = frame_at + job->size + name_size;
    char *block = wefti_alloc_zeroed(size, align);
    if (block == NULL) {
        return NULL;
    }
    char *name_copy = block + frame_at + job->size;
    if (name != NULL) {
        memcpy(name_copy, name, name_size);
    }
    if (job->size != 0) {
        memcpy(block + frame_at, job->frame, job->size);
    }
    wefti_thread *state = (wefti_thread *)(void *)block;
    /* relaxed: not shared yet. */
    wefti_store_relaxed(&state->refs, 1);
    state->outcome = WEFT_EXITED; /* unless it returns or panics */
    state->run = job->run;
    state->frame = block + frame_at;
    state->name = name_copy;
    state->result_size = job->result_size;
    state->block_size = size;
    state->block_align = align;
    state->process = wefti_process();
    return state;
}

void wefti_thread_clone(wefti_thread *state)
{
    /* relaxed: the caller's own reference keeps the state alive. */
    (void)wefti_add_relaxed(&state->refs, 1);
}

void wefti_thread_drop(wefti_thread *state)
{
    wefti_tsan_release(&state->refs); /* [thread.drop] */
    /* release [thread.drop]: what this holder did with the state comes before
     * its freeing.  acquire [thread.drop]: the last one receives all that. */
    if (wefti_sub_acq_rel(&state->refs, 1) == 1) {
        wefti_tsan_acquire(&state->refs); /* [thread.drop] */
        wefti_free(state, state->block_size, state->block_align);
    }
}

void wefti_thread_finish(wefti_thread *state)
{
    self_state = NULL;
    WEFTI_CHECKED(wefti_open_end(&state->open));
    wefti_tsan_release(&state->phase); /* [thread.finish] */
    /* release [thread.finish]: hands result, outcome and all that the thread
     * did to the one who joins. The state outlives the wake because this
     * thread's own reference is given back after it. */
    if (wefti_swap_release(&state->phase, FINISHED) == AWAITED) {
        wefti_futex_wake_all(&state->phase);
    }
    wefti_thread_drop(state);
}

bool wefti_thread_has_finished(const wefti_thread *state)
{
    /* acquire [thread.finish]: receives result and outcome. */
    bool finished = wefti_load_acquire(&state->phase) == FINISHED;
    if (finished) {
        wefti_tsan_acquire(&state->phase); /* [thread.finish] */
    }
    return finished;
}

bool wefti_thread_is_lost(const wefti_thread *state)
{
    return state->process != wefti_process();
}

static bool wait_for_end(wefti_thread *state, weft_deadline d)
{
    while (!wefti_thread_has_finished(state)) {
        uint32_t seen = RUNNING;
        /* relaxed: only asks finish for a wake-up; carries no data. */
        (void)wefti_cas_relaxed(&state->phase, &seen, AWAITED);
        if (!wefti_futex_wait_until(&state->phase, AWAITED, d)) {
            return wefti_thread_has_finished(state);
        }
    }
    return true;
}

bool wefti_thread_reap(wefti_thread *state, weft_deadline d)
{
    WEFTI_CHECKED(wefti_open_await(&state->open, true));
    WEFTI_CHECKED(const uint32_t join = wefti_join_begin(state));
    if (!wait_for_end(state, d)) {
        WEFTI_CHECKED(wefti_join_end(join));
        WEFTI_CHECKED(wefti_open_await(&state->open, false));
        return false;
    }
    WEFTI_CHECKED(wefti_join_end(join));
    WEFTI_CHECKED(wefti_open_remove(&state->open));
    /* pthread_join is a cancellation point, and would leave the handle half
     * joined. */
    int before;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    (void)pthread_join(state->os, NULL);
    (void)pthread_setcancelstate(before, &before);
    return true;
}
