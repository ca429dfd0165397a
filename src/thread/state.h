/* What a thread, its handle and the refs to it share. Freed by whoever comes
 * last, and touched by nobody after. */
#ifndef WEFT_SRC_THREAD_STATE_H
#define WEFT_SRC_THREAD_STATE_H

#include "base/checked.h"
#include "base/park.h"

#include <weft/base/atomic.h>
#include <weft/base/panic.h>
#include <weft/base/status.h>
#include <weft/thread/thread.h>

#include <pthread.h>

/* One allocation: this, then the frame of the job, then the name.
 * A thread that weft did not start has one too once a ref to it is asked for;
 * it has no job, and its phase stays RUNNING. */
typedef struct wefti_thread {
    weft_atomic_u32 refs;  /* the thread, its handle, each weft_thread_ref */
    weft_atomic_u32 phase; /* states in state.c */
    wefti_parker parker;   /* parked on by the thread, unparked by any */
    weft_status outcome;   /* the thread's; readers come after FINISHED */
    weft_panic_info panic; /* likewise */
    pthread_t os;          /* the handle's owner only */
    struct wefti_thread *older; /* in a scope's list: constant once pushed */
    /* constant after creation */
    void (*run)(void *frame);
    void *frame;
    const char *name;
    size_t result_size;
    size_t block_size;
    size_t block_align;
    uint32_t process; /* wefti_process of the one who started it */
#if WEFT_CHECKED
    wefti_open open;
#endif
} wefti_thread;

/* What a wish for a stack comes to: whole pages, and what the system needs. */
WEFT_NODISCARD size_t wefti_thread_stack_size(size_t wanted);

/* A state with one reference; job NULL: of a thread that already runs.
 * NULL: out of memory. */
WEFT_NODISCARD wefti_thread *wefti_thread_create(const char *name,
                                                 const wefti_thread_job *job);

/* Take one more reference; the caller has one. */
void wefti_thread_clone(wefti_thread *state);

/* Give back one reference. The state may be gone when this returns. */
void wefti_thread_drop(wefti_thread *state);

/* The running thread's own state; NULL if it has none yet. */
wefti_thread *wefti_thread_self(void);

/* Make `state`, or nothing, the running thread's own. */
void wefti_thread_set_self(wefti_thread *state);

/* Announce the end, on the thread itself, as the last thing it does with its
 * result, and give back the thread's reference. */
void wefti_thread_finish(wefti_thread *state);

WEFT_NODISCARD bool wefti_thread_has_finished(const wefti_thread *state);

/* Whether the thread stayed behind in the process that this one was forked
 * from. Of what it left here nothing but this state may be used. */
WEFT_NODISCARD bool wefti_thread_is_lost(const wefti_thread *state);

/* Wait for the end until d, then until the system's thread is gone too, which
 * runs none of the user's code but destructors of thread-locals. One caller
 * in the life of a state, which is not lost. false: the deadline came first. */
bool wefti_thread_reap(wefti_thread *state, weft_deadline d);

#endif
