/* A scope is a list of threads, and its end is the join of each. A thread never
 * touches the scope on its way out: it announces its end in its own state,
 * which outlives both, so that there is no counter that could reach zero while
 * somebody still has to look at it (rust-lang/rust#98498). */
#include <weft/thread/scope.h>

#include "base/checked.h"
#include "base/record.h"
#include "sync/lockdep.h"
#include "thread/state.h"

#include <weft/base/unwind.h>

#include <stdio.h>
#include <string.h>

/* NEW      not entered         NEW -> OPEN       enter
 * OPEN     spawns are welcome  NEW -> REFUSED    enter, out of memory
 * REFUSED  spawns fail         OPEN -> ENDED     close, all threads joined
 * ENDED    final               REFUSED -> ENDED  close
 * The threads of the scope read it, but none of them lives when it becomes
 * ENDED. */
enum { NEW = 0, OPEN = 1, REFUSED = 2, ENDED = 3 };

/* The first failure in the order of spawning. */
typedef struct verdict {
    wefti_thread *failed; /* referenced; NULL: all went well */
    unsigned number;      /* of the failed thread, from 1 */
    unsigned others;
    unsigned joined;
} verdict;

/* The C++ ABI's count of exceptions that are thrown and not yet caught; there
 * in programs that have some C++. */
struct cxa_globals {
    void *caught;
    unsigned uncaught;
};
extern struct cxa_globals *__cxa_get_globals(void) __attribute__((weak));

/* What is leaving frames of this thread: panics and exceptions. */
static uint32_t unwinding(void)
{
    const struct cxa_globals *cxx =
        __cxa_get_globals != NULL ? __cxa_get_globals() : NULL;
    return wefti_get_self()->panicking + (cxx != NULL ? cxx->uncaught : 0);
}

static void push(weft_scope *scope, wefti_thread *state)
{
    /* relaxed: re-checked by the following CAS. */
    wefti_thread *seen = wefti_load_relaxed(&scope->newest);
    do {
        state->older = seen;
        /* release [scope.push]: hands over the state and its link. Bounded by
         * the number of threads that spawn at once. */
    } while (!wefti_cas_release(&scope->newest, &seen, state));
}

/* Take the whole list, oldest first. */
static wefti_thread *take_all(weft_scope *scope)
{
    /* acquire [scope.push]: receives the states and their links. */
    wefti_thread *newest = wefti_swap_acquire(&scope->newest, NULL);
    wefti_thread *oldest = NULL;
    while (newest != NULL) {
        wefti_thread *older = newest->older;
        newest->older = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

/* It stayed behind in a fork, and nobody will know how it ended. */
static bool is_missing(const wefti_thread *state)
{
    return wefti_thread_is_lost(state) && !wefti_thread_has_finished(state);
}

static void judge(verdict *v, wefti_thread *state)
{
    v->joined++;
    if (state->outcome == WEFT_OK && !is_missing(state)) {
        wefti_thread_drop(state);
    } else if (v->failed == NULL) {
        v->failed = state;
        v->number = v->joined;
    } else {
        v->others++;
        wefti_thread_drop(state);
    }
}

/* A thread may spawn others while it is waited for: they are found by the next
 * look. When the list is empty, nobody is left who could add to it. */
static void join_all(weft_scope *scope, verdict *v)
{
    wefti_thread *next = take_all(scope);
    while (next != NULL) {
        wefti_thread *state = next;
        next = state->older;
        if (!wefti_thread_is_lost(state)) {
            (void)wefti_thread_reap(state, WEFT_FOREVER);
        }
        judge(v, state);
        if (next == NULL) {
            next = take_all(scope);
        }
    }
}

static void abandon(void *scope);
static const wefti_lock_kind scope_kind = {"scope", abandon};

static verdict close_scope(weft_scope *scope)
{
    verdict v = {0};
    if (scope->phase == OPEN) {
        join_all(scope, &v);
        if (!wefti_held_pop(scope)) {
            (void)wefti_held_remove(scope, "weft_scope");
        }
    }
    scope->phase = ENDED;
    return v;
}

static void forget(verdict *v)
{
    if (v->failed != NULL) {
        wefti_thread_drop(v->failed);
    }
}

/* The frame of the scope is left without its cleanup: the record's last word
 * before the memory that the threads borrow is reused. */
static void abandon(void *scope)
{
    verdict v = close_scope(scope);
    forget(&v);
}

static const char *story_of(const wefti_thread *failed)
{
    if (is_missing(failed)) {
        return "stayed behind in the process that this one was forked from";
    }
    return failed->outcome == WEFT_PANICKED
               ? "panicked: "
               : "left by pthread_exit or cancellation";
}

/* The verdict in words, giving back what it holds. */
static weft_status explain(verdict *v, weft_panic_info *info)
{
    if (v->failed == NULL) {
        return WEFT_OK;
    }
    const wefti_thread *failed = v->failed;
    const bool panicked =
        failed->outcome == WEFT_PANICKED && !is_missing(failed);
    char others[40] = "";
    if (v->others != 0) {
        (void)snprintf(others, sizeof others, " (and %u more)", v->others);
    }
    char text[2 * WEFT_PANIC_MESSAGE_SIZE];
    (void)snprintf(text, sizeof text, "scoped thread %u%s%.64s%s%s %s%s",
                   v->number, failed->name[0] != '\0' ? " '" : "", failed->name,
                   failed->name[0] != '\0' ? "'" : "", others, story_of(failed),
                   panicked ? failed->panic.message : "");
    const size_t room = sizeof info->message;
    const size_t length = strlen(text);
    memcpy(info->message, text, length < room ? length + 1 : room);
    if (length >= room) {
        memcpy(info->message + room - 4, "...", 4);
    }
    info->file = panicked ? failed->panic.file : __FILE__;
    info->line = panicked ? failed->panic.line : __LINE__;
    forget(v);
    return panicked ? WEFT_PANICKED : WEFT_EXITED;
}

static void report(verdict *v)
{
    weft_panic_info info;
    if (explain(v, &info) != WEFT_OK) {
        weft_panic_at(info.file, info.line, "%s", info.message);
    }
}

bool wefti_scope_enter(weft_scope *scope, const void *depth)
{
    if (scope->phase != NEW) {
        return false;
    }
    scope->unwinding = unwinding();
    scope->phase = REFUSED;
    if (wefti_held_has_room()) {
        wefti_held_push(scope, 0, &scope_kind, depth);
        scope->phase = OPEN;
    }
    return true;
}

#if WEFT_CHECKED
static void check_end(const weft_scope *scope, const char *call)
{
    /* relaxed: what other threads spawn meanwhile, this one has not seen. */
    if (wefti_load_relaxed(&scope->newest) != NULL) {
        wefti_lockdep_join(call);
    }
}
#endif

void wefti_scope_end(weft_scope *scope)
{
    WEFTI_CHECKED(check_end(scope, "WEFT_SCOPE"));
    verdict v = close_scope(scope);
    report(&v);
}

void wefti_scope_leave(weft_scope *scope)
{
    const wefti_self *self = wefti_get_self();
    /* What a falling block has locked, and no guard in it gave back: the
     * threads may be waiting for it, and nobody else is going to unlock it. */
    wefti_held_abandon_doomed(scope);
    verdict v = close_scope(scope);
    if (unwinding() > scope->unwinding || self->exiting != 0) {
        forget(&v);
    } else {
        report(&v);
    }
}

typedef struct body_call {
    weft_scope_fn *body;
    weft_scope *scope;
    void *arg;
} body_call;

static void call_body(void *arg)
{
    const body_call *call = arg;
    call->body(call->scope, call->arg);
}

weft_status weft_scope_run(weft_scope_fn *body, void *arg,
                           weft_panic_info *info)
{
    weft_panic_info unwanted;
    weft_scope scope WEFT_CLEANUP(wefti_scope_leave) = wefti_scope_new();
    (void)wefti_scope_enter(&scope, WEFTI_DEPTH(scope));
    body_call call = {body, &scope, arg};
    info = info != NULL ? info : &unwanted;
    const weft_status status = weft_catch_unwind(call_body, &call, info);
    WEFTI_CHECKED(check_end(&scope, "weft_scope_run"));
    verdict v = close_scope(&scope);
    if (status != WEFT_OK) {
        forget(&v);
        return status;
    }
    return explain(&v, info);
}

typedef struct scope_frame {
    void (*fn)(void *arg);
    void *arg;
} scope_frame;

static void run_scoped(void *memory)
{
    const scope_frame *frame = memory;
    frame->fn(frame->arg);
}

weft_status weft_scope_spawn_with(weft_scope *scope,
                                  const weft_thread_options *options,
                                  void (*fn)(void *arg), void *arg)
{
    WEFTI_CHECKED(const void *place = wefti_checked_whence(WEFTI_HERE));
    if (scope->phase == REFUSED) {
        return WEFT_NO_MEMORY;
    }
    if (scope->phase != OPEN) {
        weft_panic("weft_scope_spawn: the scope has ended, or was not made by "
                   "WEFT_SCOPE or weft_scope_run");
    }
    const scope_frame frame = {fn, arg};
    const wefti_thread_job job = {
        .run = run_scoped,
        .frame = &frame,
        .size = sizeof frame,
        .align = WEFT_ALIGNOF(scope_frame),
    };
    weft_thread thread;
    WEFTI_CHECKED(wefti_checked_from(place));
    const weft_status status = wefti_thread_spawn(&thread, options, &job);
    if (status == WEFT_OK) {
        push(scope, thread.state);
    }
    return status;
}

weft_status weft_scope_spawn(weft_scope *scope, void (*fn)(void *arg),
                             void *arg)
{
    WEFTI_CHECKED(wefti_checked_from(WEFTI_HERE));
    return weft_scope_spawn_with(scope, NULL, fn, arg);
}
