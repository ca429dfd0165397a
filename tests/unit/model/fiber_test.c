/* Stacks and thread-local storage. */
#include "model/fiber.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static _Thread_local unsigned local = 5;
static unsigned *addresses[3];

static void check_local(void *unused)
{
    (void)unused;
    unsigned me = weft_model_self();
    weft_model_assert(local == 5);
    local = me;
    errno = (int)me;
    addresses[me] = &local;
    weft_model_yield();
    weft_model_assert(local == me);
    weft_model_assert(errno == (int)me);
}

static void three_threads(void *unused)
{
    weft_model_thread a = weft_model_spawn(check_local, unused);
    weft_model_thread b = weft_model_spawn(check_local, unused);
    check_local(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(addresses[0] != addresses[1] &&
                      addresses[1] != addresses[2]);
}

Test(fiber, thread_locals_are_the_threads_own)
{
    model_holds(three_threads, .name = "three_threads");
    cr_assert_eq(local, 5);
}

/* 256 KiB are enough for this. */
static unsigned sum_down(unsigned n)
{
    volatile unsigned here = n;
    return n == 0 ? 0 : here + sum_down(n - 1);
}

static void recurse(void *unused)
{
    (void)unused;
    weft_model_assert(sum_down(400) == 400 * 401 / 2);
}

Test(fiber, recursion_is_fine)
{
    model_holds(recurse, .name = "recurse");
}

static void recurse_too_deep(void *unused)
{
    (void)unused;
    (void)sum_down(1000000);
}

Test(fiber, endless_recursion_is_reported)
{
    model_breaks(recurse_too_deep, "T0: calls nested deeper than",
                 .name = "recurse_too_deep");
}

static void large_frame(void *unused)
{
    (void)unused;
    char text[100000];
    memset(text, 'a', sizeof text);
    weft_model_assert(text[50000] == 'a');
}

static void too_large_frame(void *unused)
{
    (void)unused;
    char text[1000000];
    memset(text, 'a', sizeof text);
    weft_model_assert(text[500000] == 'a');
}

static void too_large_in_thread(void *unused)
{
    weft_model_thread t = weft_model_spawn(too_large_frame, unused);
    weft_model_join(t);
}

Test(fiber, a_stack_that_overflows_is_reported)
{
    model_holds(large_frame, .name = "large_frame");
    model_breaks(too_large_frame, "T0's stack overflows",
                 .name = "too_large_frame");
    model_breaks(too_large_in_thread, "T1's stack overflows",
                 .name = "too_large_in_thread");
}

static void print(void *unused)
{
    (void)unused;
    char text[64];
    (void)snprintf(text, sizeof text, "%s %g\n", "from a fiber", 1.5);
    weft_model_assert(strcmp(text, "from a fiber 1.5\n") == 0);
    printf("%s", text);
}

static void print_in_two(void *unused)
{
    weft_model_thread t = weft_model_spawn(print, unused);
    print(unused);
    weft_model_join(t);
}

Test(fiber, bodies_may_print)
{
    model_holds(print_in_two, .name = "print_in_two");
}

static void compare_selves(void *other)
{
    weft_model_assert(!pthread_equal(pthread_self(), *(pthread_t *)other));
}

static void two_selves(void *unused)
{
    (void)unused;
    pthread_t me = pthread_self();
    weft_model_thread t = weft_model_spawn(compare_selves, &me);
    weft_model_join(t);
    weft_model_assert(pthread_equal(pthread_self(), me));
}

Test(fiber, pthread_self_is_the_threads_own)
{
    model_holds(two_selves, .name = "two_selves");
}
