/* Fork and join: arguments and results of tasks that were stolen, forked from
 * the program's code and by the library; panics carried home.
 * planted 1: write_beside_the_thief
 * planted 2: write_beside_the_other_half */
#include "flag.h"

#include <sched.h>

static FLAG taken;
static long place;

static void ignore(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

__attribute__((noinline)) static long write_beside_the_thief(long by)
{
    return place += by;
}

WEFT_TASK(long, stolen, long *, where)
{
    weft_atomic_bool_store_relaxed(&taken, true); /* orders nothing */
    ++*where;
    return *where + write_beside_the_thief(1);
}

WEFT_TASK(long, falling, long *, where)
{
    weft_atomic_bool_store_relaxed(&taken, true);
    ++*where;
    weft_panic("on purpose");
}

static void wait_for_thief(void)
{
    while (!weft_atomic_bool_load_relaxed(&taken)) {
        (void)sched_yield();
    }
    weft_atomic_bool_store_relaxed(&taken, false);
}

static void fork_one(void)
{
    long local = 1;
    weft_fork(stolen, f, &local);
    wait_for_thief();
    if (PLANTED == 1) {
        (void)write_beside_the_thief(1);
    }
    weft_require(weft_join(stolen, f) > 2 && local == 2);
    (void)write_beside_the_thief(1);
}

static void fork_fall(void *arg)
{
    weft_fork(falling, f, arg);
    wait_for_thief();
    (void)weft_join(falling, f);
}

__attribute__((noinline)) static void write_beside_the_other_half(long *where)
{
    ++*where;
}

static void half(void *arg)
{
    weft_atomic_bool_store_relaxed(&taken, true);
    write_beside_the_other_half(arg);
}

static void waiting_half(void *arg)
{
    wait_for_thief();
    write_beside_the_other_half(arg);
}

/* In a thread that is a guest already. */
WEFT_TASK(long, nothing, long, n)
{
    return n;
}

static void join_inside(void)
{
    long a = 0, b = 0;
    weft_fork(nothing, f, 1);
    a = b = weft_atomic_bool_load_relaxed(&taken);
    weft_par_join(waiting_half, &a, half, &b);
    weft_require(weft_join(nothing, f) + a + b == 3);
}

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

int main(void)
{
    (void)weft_panic_set_hook(ignore);
    for (int i = 0; i < 200; i++) {
        long a = 0, b = 0;
        fork_one();
        join_inside();
        weft_par_join(waiting_half, &a, half, PLANTED == 2 ? &a : &b);
        weft_require(weft_catch_unwind(fork_fall, &a, NULL) == WEFT_PANICKED);
        weft_require(a + b >= 2);
    }
    weft_require(fib(16) == 987);
    return 0;
}
