/* System calls in an execution. */
#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static unsigned word;
static unsigned x;
static unsigned y;

static void changed(void *unused)
{
    (void)unused;
    word = 3;
    weft_model_assert(
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0) == -1);
    weft_model_assert(errno == EAGAIN);
    weft_model_assert(
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0) == 0);
}

static void late(void *unused)
{
    (void)unused;
    struct timespec interval = {2, 0};
    struct timespec now;
    weft_model_assert(
        syscall(SYS_futex, &word, FUTEX_WAIT, 0, &interval, NULL, 0) == -1);
    weft_model_assert(errno == ETIMEDOUT);
    weft_model_assert(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    weft_model_assert(now.tv_sec == 3);
}

Test(wrap_system, a_futex_answers_as_the_kernel_does)
{
    model_holds(changed, .name = "changed");
    model_holds(late, .name = "late");
}

static void requeue(void *unused)
{
    (void)unused;
    (void)syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1L, &x, 0);
}

static void ask_pid(void *unused)
{
    (void)unused;
    (void)syscall(SYS_getpid);
}

Test(wrap_system, what_is_not_modelled_is_a_failure)
{
    model_breaks(requeue, "futex operation 4 is not modelled",
                 .name = "requeue");
    model_breaks(ask_pid, "is not modelled", .name = "getpid");
}

static void tell_id(void *id)
{
    *(long *)id = syscall(SYS_gettid);
}

static void two_ids(void *unused)
{
    (void)unused;
    long theirs = 0;
    weft_model_thread t = weft_model_spawn(tell_id, &theirs);
    weft_model_join(t);
    weft_model_assert(syscall(SYS_gettid) == 1 && theirs == 2);
}

Test(wrap_system, threads_have_ids)
{
    model_holds(two_ids, .name = "ids");
}

/* Store buffering: one side has no fence, the other makes one in both. */
static unsigned seen;

static void fast_side(void *unused)
{
    (void)unused;
    __atomic_store_n(&x, 1, __ATOMIC_RELAXED);
    seen = __atomic_load_n(&y, __ATOMIC_RELAXED);
}

static void slow_side(bool fenced)
{
    weft_model_thread t = weft_model_spawn(fast_side, NULL);
    __atomic_store_n(&y, 1, __ATOMIC_RELAXED);
    if (fenced) {
        (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    }
    unsigned other = __atomic_load_n(&x, __ATOMIC_RELAXED);
    weft_model_join(t);
    weft_model_assert(seen == 1 || other == 1);
}

static void with_membarrier(void *unused)
{
    (void)unused;
    slow_side(true);
}

static void without(void *unused)
{
    (void)unused;
    slow_side(false);
}

Test(wrap_system, membarrier_is_a_fence_in_all_threads)
{
    model_holds(with_membarrier, .name = "membarrier");
    model_breaks(without, "not true", .name = "no membarrier");
}

static void *turn(void *unused)
{
    while (__atomic_load_n(&x, __ATOMIC_ACQUIRE) == 0) {
        sched_yield();
    }
    return unused;
}

static void wait_for_x(void *unused)
{
    (void)turn(unused);
}

static void yield_until(void *unused)
{
    weft_model_thread t = weft_model_spawn(wait_for_x, unused);
    __atomic_store_n(&x, 1, __ATOMIC_RELEASE);
    weft_model_join(t);
}

Test(wrap_system, sched_yield_is_a_turn_of_a_loop)
{
    model_holds(yield_until, .name = "yield", .steps = 30);
}
