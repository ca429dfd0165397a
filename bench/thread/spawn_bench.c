/* To start a thread and wait for its end: mostly the kernel's work, so that
 * what weft adds (result, name, panic) should not be seen. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/thread/scope.h>
#include <weft/thread/thread.h>
#include <weft/thread/typed.h>

static void *plain_main(void *arg)
{
    return arg;
}

static void plain_run(void *arg, const bench_share *share)
{
    (void)arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        weft_thread t;
        if (weft_thread_spawn(&t, plain_main, NULL) != WEFT_OK ||
            weft_thread_join(&t, NULL) != WEFT_OK) {
            abort();
        }
    }
}

static const bench_contender weft_plain = {
    .name = "weft_thread_spawn, join", .kind = BENCH_WEFT, .run = plain_run};

WEFT_THREAD_DEFINE(worker, uint64_t, uint64_t);

static uint64_t worker_main(uint64_t value)
{
    return value;
}

static void typed_run(void *arg, const bench_share *share)
{
    (void)arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        worker t;
        worker_result end;
        if (worker_spawn(&t, worker_main, i) != WEFT_OK ||
            worker_join(&t, &end) != WEFT_OK || end.value != i) {
            abort();
        }
    }
}

static const bench_contender weft_typed = {
    .name = "NAME_spawn, join, typed", .kind = BENCH_WEFT, .run = typed_run};

static void set(void *arg)
{
    *(bool *)arg = true;
}

static void scope_run(void *arg, const bench_share *share)
{
    (void)arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        bool done[2] = {false, false};
        WEFT_SCOPE(s) {
            if (weft_scope_spawn(&s, set, &done[0]) != WEFT_OK ||
                weft_scope_spawn(&s, set, &done[1]) != WEFT_OK) {
                abort();
            }
        }
        if (!done[0] || !done[1]) {
            abort();
        }
    }
}

static const bench_contender weft_scoped = {
    .name = "WEFT_SCOPE", .kind = BENCH_WEFT, .run = scope_run};

static const bench_contender *const one[] = {
    &weft_plain,
    &weft_typed,
    &peer_pthread_spawn,
    &peer_rust_spawn,
};

static const bench_contender *const two[] = {
    &weft_scoped,
    &peer_pthread_pair,
    &peer_rust_scope,
};

/* Unpinned: a new thread would inherit the pin and never leave the processor
 * of its starter. */
static const bench_group groups[] = {
    {
        .name = "thread, spawn and join",
        .workload = "Start a thread that does nothing, and join it",
        .threads = 1,
        .unit = BENCH_TIME,
        .pools = true,
        .peer = &peer_pthread_spawn,
        BENCH_CONTENDERS(one),
    },
    {
        .name = "thread, scope of two",
        .workload = "Start two threads that do nothing, and join both",
        .threads = 1,
        .unit = BENCH_TIME,
        .pools = true,
        .peer = &peer_pthread_pair,
        BENCH_CONTENDERS(two),
    },
};

int main(int argc, char **argv)
{
    const bench_file file = {"thread/spawn", groups, BENCH_COUNT(groups)};
    return bench_main(argc, argv, &file);
}
