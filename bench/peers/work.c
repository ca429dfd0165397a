#include "peers/work.h"

uint64_t bench_messages(const bench_shape *shape, unsigned index)
{
    return bench_part(shape->iterations, index - 1, shape->threads - 1);
}

uint64_t bench_messages_sum(const bench_shape *shape)
{
    uint64_t sum = 0;
    for (unsigned i = 1; i < shape->threads; i++) {
        const uint64_t n = bench_messages(shape, i);
        sum += n * (n + 1) / 2;
    }
    return sum;
}

/* Grown on demand by the main thread, before the clock starts. */
static int32_t *values;
static uint64_t values_made;

const int32_t *bench_values(uint64_t n)
{
    if (n > values_made) {
        free(values);
        values = bench_alloc(n * sizeof *values);
        uint64_t x = 88172645463325252U;
        for (uint64_t i = 0; i < n; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            values[i] = (int32_t)(x >> 40) - (1 << 23);
        }
        values_made = n;
    }
    return values;
}

static int64_t expected_sum(const int32_t *v, uint64_t n)
{
    static uint64_t known_n;
    static int64_t known_sum;
    if (known_n != n) {
        known_sum = 0;
        for (uint64_t i = 0; i < n; i++) {
            known_sum += (int64_t)v[i] * v[i];
        }
        known_n = n;
    }
    return known_sum;
}

void *bench_sum_start(const bench_shape *shape)
{
    bench_sum *sum = bench_alloc(sizeof *sum);
    sum->values = bench_values(shape->param);
    sum->n = (size_t)shape->param;
    return sum;
}

bool bench_sum_finish(void *arg, const bench_shape *shape)
{
    bench_sum *sum = arg;
    const bool right = sum->sum == expected_sum(sum->values, shape->param);
    free(sum);
    return right;
}

void *bench_fib_start(const bench_shape *shape)
{
    bench_fib *fib = bench_alloc(sizeof *fib);
    fib->n = (int)shape->param;
    return fib;
}

bool bench_fib_finish(void *arg, const bench_shape *shape)
{
    bench_fib *fib = arg;
    uint64_t here = 0;
    uint64_t next = 1;
    for (uint64_t i = 0; i < shape->param; i++) {
        const uint64_t sum = here + next;
        here = next;
        next = sum;
    }
    const bool right = fib->result == here;
    free(fib);
    return right;
}
