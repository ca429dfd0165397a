/* A bench measures several ways to do the same work, side by side.
 *
 * A bench file lists groups; a group is one workload with its contenders: ours,
 * the peers, and floors (what the hardware asks at least). The harness finds
 * how many iterations fill a round, then runs round after round, each with all
 * contenders of the group in a fresh random order, and reports for each one the
 * median, the spread, and its ratio to the group's peer, taken round by round.
 *
 *     static const bench_contender ours = {
 *         .name = "weft_mutex", .kind = BENCH_WEFT, .run = loop, ...};
 *     static const bench_contender *const all[] = {&ours, &peer_pthread_mutex};
 *     static const bench_group groups[] = {
 *         {.name = "uncontended", .peer = &peer_pthread_mutex, .threads = 1,
 *          BENCH_CONTENDERS(all), ...},
 *     };
 *     int main(int argc, char **argv)
 *     {
 *         const bench_file file = {"sync/mutex", groups, 1};
 *         return bench_main(argc, argv, &file);
 *     }
 *
 * The process always has a second thread, asleep, while a round runs: some C
 * libraries skip atomics in a process of one. */
#ifndef BENCH_HARNESS_HARNESS_H
#define BENCH_HARNESS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fields that different threads write are kept this many bytes apart. */
#define BENCH_LINE 128

/* One measurement of a contender. */
typedef struct bench_shape {
    uint64_t iterations; /* of the whole gang, a multiple of its threads */
    unsigned threads;    /* that call run */
    uint64_t param;      /* the group's: a capacity, a length */
} bench_shape;

/* One thread's part in it. */
typedef struct bench_share {
    const bench_shape *shape;
    unsigned index;      /* of this thread, from 0 */
    uint64_t iterations; /* of this thread */
} bench_share;

typedef enum bench_kind { BENCH_WEFT, BENCH_PEER, BENCH_FLOOR } bench_kind;

typedef struct bench_contender {
    const char *name;
    bench_kind kind;
    /* Before the clock starts; the result is handed on. NULL: no state. */
    void *(*start)(const bench_shape *shape);
    /* The work, on each thread of the gang, all let go at once. The whole loop
     * belongs here, so that every contender's fast path can be inlined. */
    void (*run)(void *state, const bench_share *share);
    /* After the clock stopped: check and free. false: the answer was wrong, and
     * the row says so in place of a time. NULL: nothing to check. */
    bool (*finish)(void *state, const bench_shape *shape);
    /* Why it cannot run here; the row says so. NULL: it can. */
    const char *missing;
} bench_contender;

/* How a row's figure is written; they are all kept as ns an iteration. */
typedef enum bench_unit {
    BENCH_TIME, /* ns, us or ms an iteration */
    BENCH_RATE, /* million iterations a second */
} bench_unit;

typedef struct bench_group {
    const char *name;                /* "lock, uncontended" */
    const char *workload;            /* what one iteration is, in a sentence */
    const bench_contender *peer;     /* ratios refer to it... */
    const bench_contender *fallback; /* ...or, if it cannot run, to this */
    const bench_contender *const *contenders;
    size_t count;
    unsigned threads;
    bench_unit unit;
    bool pools; /* the contenders have threads of their own. They would inherit
                 * a pin, so placement is the system's; and they may spin for
                 * a while after the work, so a pause follows each. */
    uint64_t param;
} bench_group;

typedef struct bench_file {
    const char *name; /* "sync/mutex" */
    const bench_group *groups;
    size_t count;
} bench_file;

#define BENCH_COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BENCH_CONTENDERS(array) \
    .contenders = (array), .count = BENCH_COUNT(array)

/* Run the groups that the command line selects, print their tables and write
 * the JSON it asks for. The result is main's. */
int bench_main(int argc, char **argv, const bench_file *file);

/* `size` zeroed bytes that share a cache line with nothing else; ends the
 * process when there is no memory. Given back with free. */
void *bench_alloc(size_t size);

/* Thread `index`'s part of `total` when `count` threads share it. */
static inline uint64_t bench_part(uint64_t total, unsigned index,
                                  unsigned count)
{
    return total / count + (index < total % count);
}

/* The compiler must have computed `value`, and may assume nothing of it. */
#define bench_keep(value) __asm__ volatile("" : "+r"(value) : : "memory")

/* The processors this process may run on. */
unsigned bench_cpu_count(void);

#endif
