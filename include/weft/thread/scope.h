/* Threads that may borrow what their starter owns. */
#ifndef WEFT_THREAD_SCOPE_H
#define WEFT_THREAD_SCOPE_H

#include <weft/base/atomic.h>
#include <weft/base/self.h>
#include <weft/thread/thread.h>

WEFT_BEGIN_DECLS

/* A weft_scope is a block that does not end before its threads have.
 * Storage   a local of the frame whose other locals the threads borrow; made
 *           by WEFT_SCOPE or weft_scope_run only. Never moved.
 * Threads   spawn into it from the thread that opened it and from the threads
 *           spawned into it. A thread's stack is kept until the scope ends.
 * Ordering  what the threads did is visible after the scope.
 * Panic     every way out joins the threads first: the end, break, return, a
 *           panic, also in a frame built without -fexceptions; pthread_exit
 *           and cancellation only in one built with. A lock that the block
 *           took is released and poisoned before that join, one taken before
 *           the block is not: threads must not need it. When all have ended,
 *           the first failure in the order of spawning is reported and the
 *           others are counted.
 * Fork      in a forked child the threads of a scope that was open are not
 *           there; the scope does not wait for them, and reports it.
 * Example   each thread owns one half of `sum` until the scope has ended:
 *
 *     long sum[2] = {0};
 *     WEFT_SCOPE(s) {
 *         weft_status left = weft_scope_spawn(&s, add_left, &sum[0]);
 *         add_right(&sum[1]);
 *         weft_require(left == WEFT_OK);
 *     }
 *     return sum[0] + sum[1];
 */
typedef struct weft_scope {
    WEFT_ATOMIC(struct wefti_thread *) newest; /* a list, by spawning */
    uint32_t phase;                            /* owner, while no thread runs */
    uint32_t unwinding;                        /* constant after entry */
} weft_scope;

/* The block form: a block with a scope named `s` around it. If one of its
 * threads panicked, or left by pthread_exit or cancellation, the scope panics
 * at its end, naming the thread and the message; unless the block itself is
 * being left by a panic, an exit or a C++ exception, which goes on. `break` and
 * `continue` leave the block. To enter may allocate, and cannot fail: where
 * memory is missing, the spawns say so. */
#define WEFT_SCOPE(s)                                                      \
    for (weft_scope s WEFT_CLEANUP(wefti_scope_leave) = wefti_scope_new(); \
         wefti_scope_enter(&s, WEFTI_DEPTH(s)); wefti_scope_end(&s))

/* The function form: call body(scope, arg), join, and report.
 * WEFT_OK: all went well.  WEFT_PANICKED: the body or else a thread panicked.
 * WEFT_EXITED: a thread left by pthread_exit or was cancelled, or this is a
 * forked child and the thread is not here. *info, unless NULL, says more if the
 * result is not WEFT_OK. */
typedef void weft_scope_fn(weft_scope *scope, void *arg);
WEFT_API WEFT_NODISCARD weft_status weft_scope_run(weft_scope_fn *body,
                                                   void *arg,
                                                   weft_panic_info *info);

/* Start a thread of the scope that runs fn(arg). `arg` may point into frames
 * that outlive the scope. Allocates; does not wait for the start.
 * WEFT_OK.  WEFT_NO_MEMORY, WEFT_NO_RESOURCES: fn is never called. */
WEFT_API WEFT_NODISCARD weft_status weft_scope_spawn(weft_scope *scope,
                                                     void (*fn)(void *arg),
                                                     void *arg);
WEFT_API WEFT_NODISCARD weft_status
weft_scope_spawn_with(weft_scope *scope, const weft_thread_options *options,
                      void (*fn)(void *arg), void *arg);

/* The steps of WEFT_SCOPE. */
WEFT_API bool wefti_scope_enter(weft_scope *scope, const void *depth);
WEFT_API void wefti_scope_end(weft_scope *scope);
WEFT_API void wefti_scope_leave(weft_scope *scope);
WEFT_INLINE weft_scope wefti_scope_new(void)
{
    weft_scope scope = {{NULL}, 0, 0};
    return scope;
}

WEFT_END_DECLS

#endif
