/* fib without a cut-off: nothing but forks and joins, a task for each call. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/par/pool.h>
#include <weft/par/task.h>

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    const uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

static void fib_once(void *arg)
{
    bench_fib *f = arg;
    f->result = fib(f->n);
}

static void all_run(void *arg, const bench_share *share)
{
    for (uint64_t round = 0; round < share->iterations; round++) {
        fib_once(arg);
    }
}

static const bench_contender weft_all = {
    .name = "weft_fork, weft_join",
    .kind = BENCH_WEFT,
    .start = bench_fib_start,
    .run = all_run,
    .finish = bench_fib_finish,
};

static weft_pool *pool_of_one; /* main's */

static void one_run(void *arg, const bench_share *share)
{
    for (uint64_t round = 0; round < share->iterations; round++) {
        if (weft_pool_install(pool_of_one, fib_once, arg) != WEFT_OK) {
            abort();
        }
    }
}

static const bench_contender weft_one = {
    .name = "weft_fork, weft_join, 1 worker",
    .kind = BENCH_WEFT,
    .start = bench_fib_start,
    .run = one_run,
    .finish = bench_fib_finish,
};

static const bench_contender *const alone[] = {&weft_one, &peer_serial_fib};

static const bench_contender *const together[] = {
    &weft_all,
    &peer_rayon_fib,
    &peer_openmp_fib,
    &peer_serial_fib,
};

#define GROUP(name_, contenders_, peer_, fallback_)                       \
    {                                                                     \
        .name = (name_), .threads = 1, .unit = BENCH_TIME, .pools = true, \
        .workload = "fib(30): 1.3 million forks and joins", .param = 30,  \
        .peer = (peer_), .fallback = (fallback_),                         \
        BENCH_CONTENDERS(contenders_),                                    \
    }

static const bench_group groups[] = {
    GROUP("fork and join, 1 worker", alone, &peer_serial_fib, NULL),
    GROUP("fork and join, all workers", together, &peer_rayon_fib,
          &peer_openmp_fib),
};

int main(int argc, char **argv)
{
    const weft_pool_config config = {.workers = 1};
    if (weft_pool_create(&pool_of_one, &config) != WEFT_OK) {
        abort();
    }
    const bench_file file = {"par/fork_join", groups, BENCH_COUNT(groups)};
    const int result = bench_main(argc, argv, &file);
    weft_pool_free(pool_of_one);
    return result;
}
