/* A schedule explorer: runs a small concurrent program again and again, in
 * every order that its threads can take and with every value that the C11
 * memory model lets a load return, and prints the order that breaks it.
 *
 * Separate from the library: link with weft::model (pkg-config weft-model)
 * instead of weft::weft. That target compiles your code so that every access
 * to memory is announced (the compiler's ThreadSanitizer instrumentation,
 * without its runtime) and brings a weft that is built in the same way. The
 * code under test is not changed: C11 or __atomic operations, plain data,
 * malloc, pthreads, and all of weft. It is unfit for production.
 *
 *     static void body(void *unused)
 *     {
 *         static queue q;
 *         queue_init(&q);
 *         weft_model_thread t = weft_model_spawn(push_one, &q);
 *         push_one(&q);
 *         weft_model_join(t);
 *         weft_model_assert(queue_length(&q) == 2);
 *     }
 *     weft_model_result r =
 *         weft_model_explore(body, NULL, &(weft_model_options){"two pushes"});
 *     assert(!r.failed && r.complete);
 *
 * What is reported: a failed weft_model_assert or assert, abort, a crash; a
 * data race; an access to memory that was freed or to a frame that has
 * returned, and either of these racing with the access; a deadlock or lost
 * wake-up; a loop that never ends; memory that is never freed.
 *
 * What is explored: at every atomic operation, futex call, lock, thread start
 * and end, which thread goes on; at every atomic load, each store it may read
 * (stale values included); timeouts at any moment; spurious wake-ups of the
 * futex and spurious failures of weak compare-and-swaps, as many as asked for.
 * Not explored: load buffering (a load that reads from a store later in its
 * own thread's future) and stores that enter the modification order before
 * one already made (the outcome of 2+2W); for seq_cst operations, another
 * single order than that of the run; a third stale read of one store in a row;
 * atomic objects accessed in two sizes; memory maps, files and signals.
 *
 * The body must be deterministic: the same choices, the same run. Objects with
 * static storage and thread-locals are put back before each run; memory from
 * malloc is new in each, and the body frees no other. A spin loop calls
 * weft_model_yield (or weft's own hint, or sched_yield), so that it is not run
 * in vain. A futex orders nothing: who is woken may still read a stale value.
 *
 * Storage   an execution has at most 8 threads, 4095 steps, 1 MiB of heap for
 *           each thread.
 * Threads   one exploration at a time in a process.
 * Needs     Linux on x86-64. addr2line (binutils) for the lines in reports.
 *
 * Source    dynamic partial-order reduction with source sets and sleep sets:
 *           P. Abdulla, S. Aronis, B. Jonsson, K. Sagonas, "Optimal dynamic
 *           partial order reduction" (POPL 2014); preemption bounding:
 *           M. Musuvathi, S. Qadeer (CHESS, PLDI 2007); PCT: S. Burckhardt et
 *           al. (ASPLOS 2010); stale reads by per-store clocks: CDSChecker
 *           (B. Norris, B. Demsky, OOPSLA 2013) and loom (C. Lerche). */
#ifndef WEFT_MODEL_MODEL_H
#define WEFT_MODEL_MODEL_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

typedef enum weft_model_search {
    /* Every execution, up to reordering of steps that do not conflict. */
    WEFT_MODEL_EXHAUSTIVE,
    /* Every execution with at most `preemptions` switches away from a thread
     * that could have gone on; no reduction. */
    WEFT_MODEL_BOUNDED,
    /* `executions` runs, each choice drawn at random. */
    WEFT_MODEL_RANDOM,
    /* `executions` runs under random thread priorities that change at
     * `preemptions` random steps: finds a bug of that depth with known
     * probability, in long executions too. */
    WEFT_MODEL_PCT,
} weft_model_search;

/* Zero means the default in every field. */
typedef struct weft_model_options {
    const char *name;         /* in reports and replay strings */
    weft_model_search search; /* exhaustive */
    uint32_t preemptions;     /* bounded: 0 means none; PCT: 0 means 3 */
    uint64_t executions;      /* stop after so many; 0: exhaustive and bounded
                                 search have no limit, the others 10000 */
    uint64_t seed;            /* random and PCT; 0: from WEFT_SEED or the
                                 clock, and printed with a failure */
    uint32_t steps;           /* of one execution before it counts as endless:
                                 1000 */
    uint32_t spurious;        /* spurious wake-ups and failures in one
                                 execution: none. clang does not say which
                                 compare-and-swaps are weak: none fails so */
    bool sequential;          /* loads see the newest store only */
    bool leaks_allowed;       /* memory may be left when the body ends */
    bool quiet;               /* print no report of a failure */
    const char *replay;       /* run this one execution, from a report */
} weft_model_options;

typedef struct weft_model_result {
    bool failed;
    bool complete;       /* the search space, within its bounds, is exhausted */
    uint64_t executions; /* complete ones */
    uint64_t pruned;     /* begun, and found to repeat an earlier one */
    uint64_t steps;      /* visible operations in all */
    uint32_t longest;    /* steps of the longest execution */
    uint64_t seed;
    double seconds;
    char message[512]; /* what failed */
    char replay[8192]; /* how to see it again */
} weft_model_result;

/* Explore `body`. Blocks until the search ends or a run fails; the report of a
 * failure goes to stderr. WEFT_MODEL_REPLAY in the environment, as a report
 * prints it, replays that one execution in the exploration of that name. */
weft_model_result weft_model_explore(void (*body)(void *), void *arg,
                                     const weft_model_options *options);

typedef struct weft_model_thread {
    uint32_t number;
} weft_model_thread;

/* Threads of the execution; pthread_create does as well. All must have ended
 * when the body has, and an execution ends with its last thread. */
weft_model_thread weft_model_spawn(void (*run)(void *), void *arg);
void weft_model_join(weft_model_thread t);

/* 0 for the body's own thread, then in the order of their starts. */
uint32_t weft_model_self(void);

/* A turn of a spin loop: the thread is not run again until something that it
 * has read since its last turn is changed. */
void weft_model_yield(void);

/* Any number below n, each in some execution. */
uint32_t weft_model_choose(uint32_t n);

/* Give the memory a name for reports: fields show as name+offset. Constant
 * strings; up to 64 names an execution. */
void weft_model_name(const void *memory, size_t size, const char *name);

/* End the exploration with this failure. */
WEFT_NORETURN void weft_model_fail(const char *format, ...) WEFT_PRINTF(1, 2);

#define weft_model_assert(condition)                                          \
    ((condition) ? (void)0                                                    \
                 : weft_model_fail("%s:%d: not true: %s", __FILE__, __LINE__, \
                                   #condition))

WEFT_END_DECLS

#endif
