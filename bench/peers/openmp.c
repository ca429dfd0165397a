#include "peers/peers.h"
#include "peers/work.h"

#ifdef _OPENMP

static void sum_run(void *arg, const bench_share *share)
{
    bench_sum *s = arg;
    for (uint64_t round = 0; round < share->iterations; round++) {
        const int32_t *v = s->values;
        const size_t n = s->n;
        bench_keep(v);
        int64_t sum = 0;
#pragma omp parallel for simd reduction(+ : sum) schedule(static)
        for (size_t i = 0; i < n; i++) {
            sum += (int64_t)v[i] * v[i];
        }
        s->sum = sum;
    }
}

const bench_contender peer_openmp_sum = {
    .name = "OpenMP parallel for simd",
    .kind = BENCH_PEER,
    .start = bench_sum_start,
    .run = sum_run,
    .finish = bench_sum_finish,
};

static uint64_t fib(int n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    uint64_t left = 0;
#pragma omp task shared(left) firstprivate(n)
    left = fib(n - 1);
    const uint64_t right = fib(n - 2);
#pragma omp taskwait
    return left + right;
}

static void fib_run(void *arg, const bench_share *share)
{
    bench_fib *f = arg;
    for (uint64_t round = 0; round < share->iterations; round++) {
        uint64_t result = 0;
#pragma omp parallel
#pragma omp single
        result = fib(f->n);
        f->result = result;
    }
}

const bench_contender peer_openmp_fib = {
    .name = "OpenMP task, taskwait",
    .kind = BENCH_PEER,
    .start = bench_fib_start,
    .run = fib_run,
    .finish = bench_fib_finish,
};

#else

BENCH_MISSING(peer_openmp_sum, "OpenMP parallel for simd",
              "the compiler has no OpenMP runtime");
BENCH_MISSING(peer_openmp_fib, "OpenMP task, taskwait",
              "the compiler has no OpenMP runtime");

#endif
