/* Fork and join: a function whose calls may run on another core.
 *
 *     WEFT_TASK(uint64_t, fib, int, n)
 *     {
 *         if (n < 2) return (uint64_t)n;
 *         weft_fork(fib, left, n - 1);
 *         uint64_t right = fib(n - 2);
 *         return weft_join(fib, left) + right;
 *     }
 *
 * A forked call is an offer: an idle worker takes it, or else the join calls
 * the function itself, which costs a few nanoseconds. So fork as deep as the
 * problem goes; there is no need for a cut-off, or for cores to share out to.
 *
 * Storage   the forking frame's; nothing is allocated (a frame built without
 *           -fexceptions writes each fork into the thread's record of what it
 *           holds, which may grow).
 * Threads   any. A thread outside every pool is a guest of the default pool
 *           from its outermost fork to that fork's join.
 * Ordering  what came before the fork is visible to the task, what the task
 *           did is visible after the join.
 * Waiting   a join waits for a task that was taken by another worker. While it
 *           waits it runs only what that very task forked: a lock held across
 *           a join is never asked for by a stranger's task.
 * Panic     a panic in the task comes out of the join, or is dropped if the
 *           joining frame is itself panicking. A frame that a panic leaves
 *           takes its forks back, and waits for those that are running. All
 *           frames in between need unwind tables (64-bit compilers' default).
 * A task must not end its thread (pthread_exit), and must not jump out. */
#ifndef WEFT_PAR_TASK_H
#define WEFT_PAR_TASK_H

#include <weft/par/job.h>

/* Define the task `name` that takes one to four parameters and returns R, any
 * type that can be assigned, or void:
 *     WEFT_TASK(R, name, T1, a1, T2, a2) { ... }
 * An ordinary function, static to the file, that can also be called. The
 * parameters are stored by assignment, so their types cannot be const. */
#define WEFT_TASK(R, name, ...)                                        \
    static R name(WEFTI_TASK_PARAMS(__VA_ARGS__));                     \
    typedef struct name##_weft_job {                                   \
        wefti_job weft_base;                                           \
        WEFTI_TASK_RESULT_FIELD(R)                                     \
        WEFTI_TASK_FIELDS(__VA_ARGS__)                                 \
    } name##_weft_job;                                                 \
    WEFT_UNUSED static void name##_weft_run(wefti_job *weft_job)       \
    {                                                                  \
        name##_weft_job *weft_self = (name##_weft_job *)weft_job;      \
        WEFTI_TASK_STORE(R) name(WEFTI_TASK_ARGS(__VA_ARGS__));        \
    }                                                                  \
    WEFT_ALWAYS_INLINE wefti_job *name##_weft_fork(                    \
        name##_weft_job *weft_self, WEFTI_TASK_PARAMS(__VA_ARGS__))    \
    {                                                                  \
        WEFTI_TASK_ASSIGN(__VA_ARGS__)                                 \
        return wefti_job_fork(&weft_self->weft_base, name##_weft_run); \
    }                                                                  \
    WEFT_ALWAYS_INLINE R name##_weft_join(name##_weft_job *weft_self,  \
                                          wefti_job **weft_guard)      \
    {                                                                  \
        if (WEFT_LIKELY(wefti_job_take_back(weft_guard))) {            \
            WEFTI_TASK_RETURN(R) name(WEFTI_TASK_ARGS(__VA_ARGS__));   \
        } else {                                                       \
            wefti_job_wait(&weft_self->weft_base);                     \
            WEFTI_TASK_RETURN_STORED(R)                                \
        }                                                              \
    }                                                                  \
    static R name(WEFTI_TASK_PARAMS(__VA_ARGS__))

/* Offer the call task(...) to whoever is idle, under the name `fork` in this
 * block. Declares variables; does not block. Forks may be joined in any order,
 * but the newest first is fast. A block that is left without the join joins,
 * and drops the result. */
#define weft_fork(task, fork, ...)                                           \
    task##_weft_job weft_job_##fork;                                         \
    wefti_job *weft_guard_##fork WEFT_CLEANUP(wefti_job_guard) WEFT_UNUSED = \
        task##_weft_fork(&weft_job_##fork, __VA_ARGS__)

/* The value of the call that was forked under that name. Blocks if another
 * worker is still at it; otherwise calls it here. Exactly once a fork: the
 * second panics. */
#define weft_join(task, fork) \
    task##_weft_join(&weft_job_##fork, &weft_guard_##fork)

WEFT_BEGIN_DECLS

/* Call fn_a(arg_a) and fn_b(arg_b), the second on another worker if one is
 * idle, and return when both have. Allocates nothing; panics with the panic of
 * fn_a, or else of fn_b, after both have ended. */
WEFT_API void weft_par_join(void (*fn_a)(void *arg), void *arg_a,
                            void (*fn_b)(void *arg), void *arg_b);

WEFT_END_DECLS

/* The rest counts arguments. Pairs (T, a) become parameters, fields, the
 * arguments of a call read from weft_self, and assignments to it. */
#define WEFTI_PICK(a, b, c, d, e, f, g, h, n, ...) n
#define WEFTI_PAIRS(...) \
    WEFTI_PICK(__VA_ARGS__, 4, bad, 3, bad, 2, bad, 1, bad, )
#define WEFTI_TASK_PARAMS(...) \
    WEFT_PASTE(WEFTI_PARAMS_, WEFTI_PAIRS(__VA_ARGS__))(__VA_ARGS__)
#define WEFTI_PARAMS_1(T, a) T a
#define WEFTI_PARAMS_2(T, a, ...) T a, WEFTI_PARAMS_1(__VA_ARGS__)
#define WEFTI_PARAMS_3(T, a, ...) T a, WEFTI_PARAMS_2(__VA_ARGS__)
#define WEFTI_PARAMS_4(T, a, ...) T a, WEFTI_PARAMS_3(__VA_ARGS__)
#define WEFTI_TASK_FIELDS(...) \
    WEFT_PASTE(WEFTI_FIELDS_, WEFTI_PAIRS(__VA_ARGS__))(__VA_ARGS__)
#define WEFTI_FIELDS_1(T, a) T a;
#define WEFTI_FIELDS_2(T, a, ...) \
    T a;                          \
    WEFTI_FIELDS_1(__VA_ARGS__)
#define WEFTI_FIELDS_3(T, a, ...) \
    T a;                          \
    WEFTI_FIELDS_2(__VA_ARGS__)
#define WEFTI_FIELDS_4(T, a, ...) \
    T a;                          \
    WEFTI_FIELDS_3(__VA_ARGS__)
#define WEFTI_TASK_ARGS(...) \
    WEFT_PASTE(WEFTI_ARGS_, WEFTI_PAIRS(__VA_ARGS__))(__VA_ARGS__)
#define WEFTI_ARGS_1(T, a) weft_self->a
#define WEFTI_ARGS_2(T, a, ...) weft_self->a, WEFTI_ARGS_1(__VA_ARGS__)
#define WEFTI_ARGS_3(T, a, ...) weft_self->a, WEFTI_ARGS_2(__VA_ARGS__)
#define WEFTI_ARGS_4(T, a, ...) weft_self->a, WEFTI_ARGS_3(__VA_ARGS__)
#define WEFTI_TASK_ASSIGN(...) \
    WEFT_PASTE(WEFTI_ASSIGN_, WEFTI_PAIRS(__VA_ARGS__))(__VA_ARGS__)
#define WEFTI_ASSIGN_1(T, a) weft_self->a = a;
#define WEFTI_ASSIGN_2(T, a, ...) \
    weft_self->a = a;             \
    WEFTI_ASSIGN_1(__VA_ARGS__)
#define WEFTI_ASSIGN_3(T, a, ...) \
    weft_self->a = a;             \
    WEFTI_ASSIGN_2(__VA_ARGS__)
#define WEFTI_ASSIGN_4(T, a, ...) \
    weft_self->a = a;             \
    WEFTI_ASSIGN_3(__VA_ARGS__)

/* Whether R is void: only then does the paste name a macro, with a comma, that
 * the parentheses call. In `void *` they follow the star. */
#define WEFTI_VOID_void() ~, _VOID
#define WEFTI_SECOND_(a, b, ...) b
#define WEFTI_SECOND(...) WEFTI_SECOND_(__VA_ARGS__)
#define WEFTI_TASK_KIND(R) WEFTI_SECOND(WEFTI_VOID_##R(), , )
#define WEFTI_TASK_RESULT_FIELD(R) \
    WEFT_PASTE(WEFTI_RESULT_FIELD, WEFTI_TASK_KIND(R))(R)
#define WEFTI_RESULT_FIELD(R) R weft_result;
#define WEFTI_RESULT_FIELD_VOID(R)
#define WEFTI_TASK_STORE(R) WEFT_PASTE(WEFTI_STORE, WEFTI_TASK_KIND(R))()
#define WEFTI_STORE() weft_self->weft_result =
#define WEFTI_STORE_VOID()
#define WEFTI_TASK_RETURN(R) WEFT_PASTE(WEFTI_RETURN, WEFTI_TASK_KIND(R))()
#define WEFTI_RETURN() return
#define WEFTI_RETURN_VOID()
#define WEFTI_TASK_RETURN_STORED(R) \
    WEFT_PASTE(WEFTI_RETURN_STORED, WEFTI_TASK_KIND(R))()
#define WEFTI_RETURN_STORED() return weft_self->weft_result;
#define WEFTI_RETURN_STORED_VOID()

#endif
