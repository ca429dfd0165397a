#include "harness/stats.h"

#include <math.h>
#include <stdlib.h>

static int ascending_order(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(double *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, ascending_order);
}

double bench_quantile(const double *ascending, size_t n, double q)
{
    const double place = q * (double)(n - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= n) {
        return ascending[n - 1];
    }
    const double part = place - (double)below;
    return ascending[below] * (1 - part) + ascending[below + 1] * part;
}

bench_stats bench_stats_of(double *samples, size_t n)
{
    sort(samples, n);
    bench_stats s = {
        .median = bench_quantile(samples, n, 0.5),
        .p10 = bench_quantile(samples, n, 0.1),
        .p90 = bench_quantile(samples, n, 0.9),
        .min = samples[0],
    };
    double *distances = malloc(n * sizeof *distances);
    if (distances == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        distances[i] = fabs(samples[i] - s.median);
    }
    sort(distances, n);
    s.mad = bench_quantile(distances, n, 0.5);
    free(distances);
    return s;
}

bench_stats bench_paired_ratio(const double *ours, const double *theirs,
                               double *ratios, size_t n)
{
    for (size_t r = 0; r < n; r++) {
        ratios[r] = ours[r] / theirs[r];
    }
    return bench_stats_of(ratios, n);
}

bench_verdict bench_verdict_of(const bench_stats *ratio)
{
    if (ratio->p90 < 1 - BENCH_SAME) {
        return BENCH_FASTER;
    }
    return ratio->p10 > 1 + BENCH_SAME ? BENCH_SLOWER : BENCH_EVEN;
}

const char *bench_verdict_str(bench_verdict verdict)
{
    static const char *const words[] = {
        [BENCH_FASTER] = "faster",
        [BENCH_EVEN] = "even",
        [BENCH_SLOWER] = "slower",
    };
    return words[verdict];
}
