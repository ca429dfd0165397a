/* One thread and no library: what parallel code has to beat. Built with -O3,
 * as gcc 12 does not vectorise at -O2. */
#include "peers/peers.h"
#include "peers/work.h"

static void sum_run(void *arg, const bench_share *share)
{
    bench_sum *s = arg;
    for (uint64_t round = 0; round < share->iterations; round++) {
        const int32_t *v = s->values;
        bench_keep(v);
        int64_t sum = 0;
        for (size_t i = 0; i < s->n; i++) {
            sum += (int64_t)v[i] * v[i];
        }
        s->sum = sum;
    }
}

const bench_contender peer_serial_sum = {
    .name = "serial loop",
    .kind = BENCH_PEER,
    .start = bench_sum_start,
    .run = sum_run,
    .finish = bench_sum_finish,
};

static uint64_t fib(int n)
{
    return n < 2 ? (uint64_t)n : fib(n - 1) + fib(n - 2);
}

static void fib_run(void *arg, const bench_share *share)
{
    bench_fib *f = arg;
    for (uint64_t round = 0; round < share->iterations; round++) {
        int n = f->n;
        bench_keep(n);
        f->result = fib(n);
    }
}

const bench_contender peer_serial_fib = {
    .name = "serial calls",
    .kind = BENCH_PEER,
    .start = bench_fib_start,
    .run = fib_run,
    .finish = bench_fib_finish,
};
