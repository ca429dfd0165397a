/* The sum of squares of 32-bit numbers, from a thousand, where it is all about
 * starting, to a hundred million, where it is all about memory. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/par/pool.h>
#include <weft/par/reduce.h>

WEFT_PAR_SUM(int64_t, sum_of_squares, const int32_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

static void sum_once(void *arg)
{
    bench_sum *s = arg;
    s->sum = sum_of_squares(s->values, s->n);
}

static void all_run(void *arg, const bench_share *share)
{
    for (uint64_t round = 0; round < share->iterations; round++) {
        sum_once(arg);
    }
}

static const bench_contender weft_all = {
    .name = "WEFT_PAR_SUM",
    .kind = BENCH_WEFT,
    .start = bench_sum_start,
    .run = all_run,
    .finish = bench_sum_finish,
};

static weft_pool *pool_of_one; /* main's */

static void one_run(void *arg, const bench_share *share)
{
    for (uint64_t round = 0; round < share->iterations; round++) {
        if (weft_pool_install(pool_of_one, sum_once, arg) != WEFT_OK) {
            abort();
        }
    }
}

static const bench_contender weft_one = {
    .name = "WEFT_PAR_SUM, 1 worker",
    .kind = BENCH_WEFT,
    .start = bench_sum_start,
    .run = one_run,
    .finish = bench_sum_finish,
};

static const bench_contender *const alone[] = {&weft_one, &peer_serial_sum};

static const bench_contender *const together[] = {
    &weft_all,        &peer_rayon_sum,  &peer_rayon_sum_inside,
    &peer_openmp_sum, &peer_serial_sum,
};

#define GROUP(name_, n_, contenders_, peer_, fallback_)                   \
    {                                                                     \
        .name = (name_), .threads = 1, .unit = BENCH_TIME, .pools = true, \
        .workload = "Add up the squares of int32 values in an int64",     \
        .param = (n_), .peer = (peer_), .fallback = (fallback_),          \
        BENCH_CONTENDERS(contenders_),                                    \
    }
#define ALONE(n, title)                                                     \
    GROUP("sum of " title " squares, 1 worker", n, alone, &peer_serial_sum, \
          NULL)
#define TOGETHER(n, title)                                      \
    GROUP("sum of " title " squares, all workers", n, together, \
          &peer_rayon_sum, &peer_openmp_sum)

static const bench_group groups[] = {
    ALONE(1000, "10^3"),         ALONE(100000000, "10^8"),
    TOGETHER(1000, "10^3"),      TOGETHER(10000, "10^4"),
    TOGETHER(100000, "10^5"),    TOGETHER(1000000, "10^6"),
    TOGETHER(100000000, "10^8"),
};

int main(int argc, char **argv)
{
    const weft_pool_config config = {.workers = 1};
    if (weft_pool_create(&pool_of_one, &config) != WEFT_OK) {
        abort();
    }
    const bench_file file = {"par/sum_squares", groups, BENCH_COUNT(groups)};
    const int result = bench_main(argc, argv, &file);
    weft_pool_free(pool_of_one);
    return result;
}
