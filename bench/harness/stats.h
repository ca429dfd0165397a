/* What a handful of timings has to say, without assuming a distribution. */
#ifndef BENCH_HARNESS_STATS_H
#define BENCH_HARNESS_STATS_H

#include <stddef.h>

/* Samples summed up by rank, so that one bad round moves nothing much. */
typedef struct bench_stats {
    double median;
    double mad; /* median distance from the median */
    double p10;
    double p90;
    double min;
} bench_stats;

/* Sum up `n` samples, in any order; `n` is at least 1. Reorders them. */
bench_stats bench_stats_of(double *samples, size_t n);

/* The value below which a share `q` (0 to 1) of the `n` ascending samples
 * lies, interpolated between neighbours. */
double bench_quantile(const double *ascending, size_t n, double q);

/* Sum up ours[r] / theirs[r] over the rounds. Two things measured in the same
 * round saw the same machine, so their ratio is steadier than either. `ratios`
 * is room for `n` values and receives them, ascending. */
bench_stats bench_paired_ratio(const double *ours, const double *theirs,
                               double *ratios, size_t n);

/* What a ratio of costs allows to say: only what nine rounds in ten said, and
 * by more than BENCH_SAME, since where the linker happens to put a loop can
 * move it as much. */
#define BENCH_SAME 0.02
typedef enum bench_verdict {
    BENCH_FASTER,
    BENCH_EVEN,
    BENCH_SLOWER,
} bench_verdict;

bench_verdict bench_verdict_of(const bench_stats *ratio);
const char *bench_verdict_str(bench_verdict verdict);

#endif
