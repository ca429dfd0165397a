#include "harness/stats.h"

#include <criterion/criterion.h>

static bool near(double a, double b)
{
    const double distance = a > b ? a - b : b - a;
    return distance < 1e-9;
}

Test(bench_stats, one_sample_is_every_quantile)
{
    double one[] = {7};
    const bench_stats s = bench_stats_of(one, 1);
    cr_assert(near(s.median, 7) && near(s.p10, 7) && near(s.p90, 7));
    cr_assert(near(s.min, 7) && near(s.mad, 0));
}

Test(bench_stats, median_of_an_even_count_lies_between_the_middle_two)
{
    double four[] = {4, 1, 3, 2};
    cr_assert(near(bench_stats_of(four, 4).median, 2.5));
}

Test(bench_stats, quantiles_interpolate)
{
    const double eleven[] = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
    cr_assert(near(bench_quantile(eleven, 11, 0.1), 10));
    cr_assert(near(bench_quantile(eleven, 11, 0.9), 90));
    cr_assert(near(bench_quantile(eleven, 11, 0.25), 25));
    cr_assert(near(bench_quantile(eleven, 11, 0), 0));
    cr_assert(near(bench_quantile(eleven, 11, 1), 100));
}

Test(bench_stats, one_wild_round_moves_neither_median_nor_mad)
{
    double calm[] = {10, 11, 12, 13, 14};
    double wild[] = {10, 11, 12, 13, 9000};
    const bench_stats a = bench_stats_of(calm, 5);
    const bench_stats b = bench_stats_of(wild, 5);
    cr_assert(near(a.median, b.median));
    cr_assert(near(a.mad, b.mad));
    cr_assert(near(b.mad, 1));
}

Test(bench_stats, pairing_cancels_a_drift_that_both_saw)
{
    const double ours[] = {10, 20, 40, 80};
    const double theirs[] = {5, 10, 20, 40};
    double ratios[4];
    const bench_stats r = bench_paired_ratio(ours, theirs, ratios, 4);
    cr_assert(near(r.median, 2) && near(r.mad, 0));
    cr_assert(near(r.p10, 2) && near(r.p90, 2));
}

Test(bench_stats, the_median_ratio_is_not_the_ratio_of_medians)
{
    const double ours[] = {1, 10, 100};
    const double theirs[] = {10, 1, 10};
    double ratios[3];
    cr_assert(near(bench_paired_ratio(ours, theirs, ratios, 3).median, 10));
}

Test(bench_stats, a_verdict_needs_nine_rounds_in_ten)
{
    const bench_stats faster = {.p10 = 0.8, .median = 0.9, .p90 = 0.97};
    const bench_stats unsure = {.p10 = 0.8, .median = 0.9, .p90 = 1.01};
    const bench_stats slower = {.p10 = 1.03, .median = 1.2, .p90 = 1.3};
    cr_assert_eq(bench_verdict_of(&faster), BENCH_FASTER);
    cr_assert_eq(bench_verdict_of(&unsure), BENCH_EVEN);
    cr_assert_eq(bench_verdict_of(&slower), BENCH_SLOWER);
}

Test(bench_stats, a_steady_difference_within_the_noise_of_layout_is_none)
{
    const bench_stats steady = {.p10 = 1.009, .median = 1.01, .p90 = 1.011};
    cr_assert_eq(bench_verdict_of(&steady), BENCH_EVEN);
}
