/* The threads that run the contenders: made once, pinned, let go together. */
#ifndef BENCH_HARNESS_GANG_H
#define BENCH_HARNESS_GANG_H

#include "harness/harness.h"

typedef struct bench_gang bench_gang;

/* One measurement to make. */
typedef struct bench_job {
    const bench_contender *contender;
    bench_shape shape;
    void *state;
    bool pinned;
} bench_job;

/* Threads for jobs of up to `threads`; ends the process if it cannot. */
bench_gang *bench_gang_create(unsigned threads);
void bench_gang_free(bench_gang *gang);

/* Run the job and return the nanoseconds between the first thread that went
 * and the last that came in. The caller sleeps meanwhile. */
uint64_t bench_gang_run(bench_gang *gang, const bench_job *job);

/* Nanoseconds of a fixed chain of multiplications: the machine's speed now. */
uint64_t bench_reference_ns(void);

#endif
