/* Starting a thread and taking its result; the state that both ends share, and
 * who frees it, is in state.c. */
#include <weft/thread/thread.h>

#include "base/checked.h"
#include "base/futex.h"
#include "base/record.h"
#include "base/sanitizer.h"
#include "sync/joins.h"
#include "sync/lockdep.h"
#include "thread/state.h"

#include <weft/base/unwind.h>

#include <errno.h>
#include <sched.h>
#include <string.h>

enum { OS_NAME_SIZE = 16 };

__thread const void *weft_arg_of_a_thread_that_may_outlive_it;

#if WEFT_CHECKED
static void check_handle(const weft_thread *t, const char *call)
{
    if (t->state == NULL) {
        weft_panic("%s: the handle is empty: its thread was never started, or "
                   "was already joined or detached%s",
                   call, wefti_emptied_where(t).text);
    }
    if (wefti_is_dead((uintptr_t)t->state->run)) {
        weft_panic("%s: the thread was already joined or detached through "
                   "another handle, of which this one is a copy",
                   call);
    }
}

/* A wait with a deadline comes to an end, whatever this thread holds. */
static void check_join(weft_deadline d)
{
    if (d.ns == UINT64_MAX) {
        wefti_lockdep_join("weft_thread_join");
    }
}

static void note_spawn(const weft_thread *t, const void *place)
{
    wefti_open *o = &t->state->open;
    wefti_open_add(o, "thread", t->state->name, wefti_checked_whence(place));
}
#endif

WEFT_ALWAYS_INLINE wefti_thread *live(const weft_thread *t, const char *call)
{
    WEFTI_CHECKED(check_handle(t, call));
    wefti_tsan_reads(t, sizeof *t, WEFTI_CALLER);
    if (t->state == NULL) {
        weft_panic("%s: the handle is empty: its thread was never started, or "
                   "was already joined or detached",
                   call);
    }
    return t->state;
}

/* The last step of the thread, by whatever way it came: fn has returned,
 * panicked or called pthread_exit, and no frame above this one is left. */
static void leave(void *arg)
{
    wefti_held_doom_from(0);
    wefti_held_abandon_from(0);
    WEFTI_CHECKED(wefti_task_end(NULL)); /* its frame is about to go */
    wefti_thread_finish(arg);
}

static void show_name(const char *name)
{
    if (name[0] != '\0') {
        char shown[OS_NAME_SIZE] = {0};
        memcpy(shown, name, strnlen(name, sizeof shown - 1));
        (void)pthread_setname_np(pthread_self(), shown);
    }
}

static void *entry(void *arg)
{
    wefti_thread *state = arg;
    wefti_thread_set_self(state);
    pthread_cleanup_push(leave, state);
    show_name(state->name);
    WEFTI_CHECKED(wefti_task self);
    WEFTI_CHECKED(wefti_task_begin(&self, state));
    state->outcome = weft_catch_unwind(state->run, state->frame, &state->panic);
    pthread_cleanup_pop(1);
    return NULL;
}

/* 0, or the error of pthreads. */
static int start(wefti_thread *state, size_t stack_size)
{
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error != 0) {
        return error;
    }
    if (stack_size != 0) {
        error = pthread_attr_setstacksize(&attr,
                                          wefti_thread_stack_size(stack_size));
    }
    if (error == 0) {
        error = pthread_create(&state->os, &attr, entry, state);
    }
    (void)pthread_attr_destroy(&attr);
    return error;
}

weft_status wefti_thread_spawn(weft_thread *t,
                               const weft_thread_options *options,
                               const wefti_thread_job *job)
{
    static const weft_thread_options defaults;
    if (options == NULL) {
        options = &defaults;
    }
    wefti_tsan_writes(t, sizeof *t, WEFTI_CALLER);
    t->state = NULL;
    wefti_thread *state = wefti_thread_create(options->name, job);
    if (state == NULL) {
        return WEFT_NO_MEMORY;
    }
    wefti_thread_clone(state); /* the thread's own reference */
    const int error = start(state, options->stack_size);
    if (error != 0) {
        wefti_thread_drop(state);
        wefti_thread_drop(state);
        return error == ENOMEM ? WEFT_NO_MEMORY : WEFT_NO_RESOURCES;
    }
    t->state = state;
    WEFTI_CHECKED(note_spawn(t, WEFTI_HERE));
    return WEFT_OK;
}

typedef struct plain_frame {
    void *value;
    void *arg;
    weft_thread_fn *fn;
} plain_frame;

static void run_plain(void *memory)
{
    plain_frame *frame = memory;
    frame->value = frame->fn(frame->arg);
}

weft_status wefti_thread_spawn_plain(weft_thread *t,
                                     const weft_thread_options *options,
                                     weft_thread_fn *fn, void *arg)
{
    WEFTI_CHECKED(wefti_checked_from(WEFTI_HERE));
    WEFTI_CHECKED(wefti_check_borrows("weft_thread_spawn", WEFTI_FRAME));
    const plain_frame frame = {.arg = arg, .fn = fn};
    const wefti_thread_job job = {
        .run = run_plain,
        .frame = &frame,
        .size = sizeof frame,
        .align = WEFT_ALIGNOF(plain_frame),
        .result_size = sizeof frame.value,
    };
    weft_status status = wefti_thread_spawn(t, options, &job);
    WEFTI_CHECKED(
        wefti_open_lend(status == WEFT_OK ? &t->state->open : NULL, arg));
    return status;
}

weft_status wefti_thread_join_until(weft_thread *t, weft_deadline d,
                                    void *value, size_t value_size,
                                    weft_panic_info *panic)
{
    wefti_thread *state = live(t, "weft_thread_join");
    if (state == wefti_thread_self()) {
        weft_panic("weft_thread_join: a thread cannot join itself: it would "
                   "wait for its own end for ever");
    }
    if (wefti_thread_is_lost(state)) {
        weft_panic("weft_thread_join: the thread stayed behind in the process "
                   "that this one was forked from; here it can only be "
                   "detached");
    }
    if (state->result_size != value_size) {
        weft_panic("weft_thread_join: the thread's result has another type; "
                   "join it by the functions that spawned it");
    }
    WEFTI_CHECKED(wefti_check_borrows("weft_thread_join", WEFTI_FRAME));
    WEFTI_CHECKED(check_join(d));
    if (!wefti_thread_reap(state, d)) {
        return WEFT_TIMEOUT;
    }
    WEFTI_CHECKED(wefti_emptied(t, "joined", WEFTI_HERE));
    const weft_status outcome = state->outcome;
    if (outcome == WEFT_OK && value != NULL) {
        wefti_tsan_deliver(value, state->frame, value_size, WEFTI_CALLER);
    }
    if (outcome == WEFT_PANICKED && panic != NULL) {
        wefti_tsan_deliver(panic, &state->panic, sizeof *panic, WEFTI_CALLER);
    }
    wefti_tsan_writes(t, sizeof *t, WEFTI_CALLER);
    t->state = NULL;
    wefti_thread_drop(state);
    return outcome;
}

void weft_thread_detach(weft_thread *t)
{
    wefti_thread *state = live(t, "weft_thread_detach");
    wefti_tsan_writes(t, sizeof *t, WEFTI_CALLER);
    t->state = NULL;
    WEFTI_CHECKED(wefti_emptied(t, "detached", WEFTI_HERE));
    WEFTI_CHECKED(wefti_open_leave(&state->open));
    WEFTI_CHECKED(wefti_check_borrows("weft_thread_detach", WEFTI_FRAME));
    if (!wefti_thread_is_lost(state)) {
        (void)pthread_detach(state->os);
    }
    wefti_thread_drop(state);
}

bool weft_thread_is_finished(const weft_thread *t)
{
    return wefti_thread_has_finished(live(t, "weft_thread_is_finished"));
}

const char *weft_thread_name(const weft_thread *t)
{
    return live(t, "weft_thread_name")->name;
}

void weft_thread_yield(void)
{
    (void)sched_yield();
}

void weft_thread_sleep_until(weft_deadline d)
{
    weft_atomic_u32 never = {0};
    while (wefti_futex_wait_until(&never, 0, d)) {
    }
}
