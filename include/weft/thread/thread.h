/* Threads of the operating system, with an end that can be told. */
#ifndef WEFT_THREAD_THREAD_H
#define WEFT_THREAD_THREAD_H

#include <weft/base/checked.h>
#include <weft/base/config.h>
#include <weft/base/own.h>
#include <weft/base/panic.h>
#include <weft/base/send.h>
#include <weft/base/status.h>
#include <weft/base/time.h>

WEFT_BEGIN_DECLS

/* A weft_thread is the only ticket to the end of one thread.
 * Storage   the caller's; empty when all-zero, after a failed spawn, and after
 *           join or detach. Move it as a plain value, then forget the old one.
 * Threads   one owner at a time. Every live handle must be joined or detached,
 *           or the thread's stack and result leak.
 * Ordering  what came before spawn is visible to the thread; what the thread
 *           did is visible after the join that got through.
 * Panic     ends this thread only. The locks it held, however it ended, are
 *           released and poisoned before it counts as finished.
 * Fork      in a forked child a handle of a thread that its parent started can
 *           only be detached; to join it panics.
 * Example   `total` is the worker's until join gives it back:
 *
 *     long total = 0;
 *     weft_thread t;
 *     weft_thread_result end;
 *     weft_status s = weft_thread_spawn(&t, add_up, &total);
 *     if (s != WEFT_OK) {
 *         return s;
 *     }
 *     s = weft_thread_join(&t, &end);
 *     if (s == WEFT_PANICKED) {
 *         fprintf(stderr, "add_up: %s\n", end.panic.message);
 *     }
 */
typedef struct WEFT_HANDLE weft_thread {
    struct wefti_thread *state; /* private; NULL: empty */
} weft_thread;
WEFT_SEND(weft_thread);

typedef void *weft_thread_fn(void *arg);

/* What a join brings. */
typedef struct weft_thread_result {
    void *value;           /* what fn returned; written for WEFT_OK only */
    weft_panic_info panic; /* written for WEFT_PANICKED only */
} weft_thread_result;

/* All-zero is the default. `name` is copied; the system shows its first 15
 * bytes. `stack_size` is in bytes, rounded up to whole pages and to what the
 * system needs; 0 takes the system's default. */
typedef struct weft_thread_options {
    const char *name;
    size_t stack_size;
} weft_thread_options;

/* Start a thread that runs fn(arg). Allocates; does not wait for the start.
 * `arg` stays the caller's, and must live until the thread is done with it;
 * a gcc or clang analyser that sees &local escape says so.
 * WEFT_OK: *t is live.  WEFT_NO_MEMORY, WEFT_NO_RESOURCES (the system's limit
 * of threads, or of memory for stacks): *t is empty and fn is never called. */
WEFT_ALWAYS_INLINE WEFT_NODISCARD weft_status
weft_thread_spawn(weft_thread *t, weft_thread_fn *fn, void *arg)
    WEFT_ACQUIRES_IF(0, *t) WEFT_UNCHECKED;
WEFT_ALWAYS_INLINE WEFT_NODISCARD weft_status weft_thread_spawn_with(
    weft_thread *t, const weft_thread_options *options, weft_thread_fn *fn,
    void *arg) WEFT_ACQUIRES_IF(0, *t) WEFT_UNCHECKED;

/* Wait for the thread's end and take its result, which may be NULL if nobody
 * cares. Blocks; not a cancellation point. The handle is empty afterwards, and
 * nothing of the thread is left: its stack is gone, its thread-locals are
 * destroyed. To join an empty handle or the running thread panics.
 * WEFT_OK: fn returned, result->value.  WEFT_PANICKED: it panicked,
 * result->panic.  WEFT_EXITED: it left by pthread_exit or was cancelled.
 * _try: WEFT_BUSY, _until: WEFT_TIMEOUT: it still runs, the handle is still
 * live. clang's analysis cannot see that and takes the handle as consumed. */
WEFT_ALWAYS_INLINE WEFT_NODISCARD weft_status
weft_thread_join(weft_thread *t, weft_thread_result *result)
    WEFT_RELEASES(*t) WEFT_UNCHECKED;
WEFT_ALWAYS_INLINE WEFT_NODISCARD weft_status
weft_thread_join_try(weft_thread *t, weft_thread_result *result)
    WEFT_RELEASES(*t) WEFT_UNCHECKED;
WEFT_ALWAYS_INLINE WEFT_NODISCARD weft_status weft_thread_join_until(
    weft_thread *t, weft_thread_result *result, weft_deadline d)
    WEFT_RELEASES(*t) WEFT_UNCHECKED;

/* Let the thread go on alone; its result will be dropped, and its panic be
 * known to the panic hook only. Does not wait. Nothing tells when such a thread
 * has left the library's code: a plug-in that is to be unloaded joins. */
WEFT_API void weft_thread_detach(weft_thread *t)
    WEFT_RELEASES(*t) WEFT_UNCHECKED;

/* Whether a join would get through without waiting for the thread's code. */
WEFT_API WEFT_NODISCARD bool weft_thread_is_finished(const weft_thread *t)
    WEFT_REQUIRES(*t) WEFT_UNCHECKED;

/* The whole name given at spawn, "" if none; valid while the handle lives. */
WEFT_API WEFT_NODISCARD const char *weft_thread_name(const weft_thread *t)
    WEFT_REQUIRES(*t) WEFT_UNCHECKED;

/* Let other threads of the system run first. */
WEFT_API void weft_thread_yield(void);

/* Sleep until d; signals do not end it early. WEFT_FOREVER never returns. Not
 * a cancellation point. */
WEFT_API void weft_thread_sleep_until(weft_deadline d);

/* ------------------------------------- private: the untyped core and its use
 */

/* What a thread is to do: run(frame), on a copy of *frame, whose first
 * result_size bytes are room for the result. */
typedef struct wefti_thread_job {
    void (*run)(void *frame);
    const void *frame;
    size_t size;
    size_t align;
    size_t result_size;
} wefti_thread_job;

WEFT_API WEFT_NODISCARD weft_status
wefti_thread_spawn(weft_thread *t, const weft_thread_options *options,
                   const wefti_thread_job *job);
WEFT_API WEFT_NODISCARD weft_status
wefti_thread_spawn_plain(weft_thread *t, const weft_thread_options *options,
                         weft_thread_fn *fn, void *arg);
WEFT_API WEFT_NODISCARD weft_status
wefti_thread_join_until(weft_thread *t, weft_deadline d, void *value,
                        size_t value_size, weft_panic_info *panic);

/* Never read. Spawn leaves its argument here and join clears it, so that the
 * compiler's escape analysis (gcc -Wdangling-pointer, clang --analyze) sees the
 * address of a local outlive its frame on a path without a join. */
WEFT_API extern __thread const void *weft_arg_of_a_thread_that_may_outlive_it
    __attribute__((tls_model("initial-exec")));

WEFT_INLINE weft_status
weft_thread_spawn_with(weft_thread *t, const weft_thread_options *options,
                       weft_thread_fn *fn, void *arg)
{
    weft_status s = wefti_thread_spawn_plain(t, options, fn, arg);
    if (s == WEFT_OK) {
        weft_arg_of_a_thread_that_may_outlive_it = arg;
    }
    return s;
}

WEFT_ALWAYS_INLINE weft_status weft_thread_spawn(weft_thread *t,
                                                 weft_thread_fn *fn, void *arg)
{
    return weft_thread_spawn_with(t, NULL, fn, arg);
}

WEFT_ALWAYS_INLINE weft_status weft_thread_join_until(
    weft_thread *t, weft_thread_result *result, weft_deadline d)
{
    weft_status s = wefti_thread_join_until(
        t, d, result != NULL ? &result->value : NULL, sizeof(void *),
        result != NULL ? &result->panic : NULL);
    weft_arg_of_a_thread_that_may_outlive_it = NULL;
    return s;
}

WEFT_ALWAYS_INLINE weft_status weft_thread_join(weft_thread *t,
                                                weft_thread_result *result)
{
    return weft_thread_join_until(t, result, WEFT_FOREVER);
}

WEFT_ALWAYS_INLINE weft_status weft_thread_join_try(weft_thread *t,
                                                    weft_thread_result *result)
{
    weft_status s = WEFT_BUSY;
    if (weft_thread_is_finished(t)) {
        WEFT_ALLOW(WEFT_HELD_JOIN) { /* it does not wait */
            s = weft_thread_join(t, result);
        }
    }
    return s;
}

WEFT_END_DECLS

#endif
