/* Condition variables of pthreads. */
#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned value;

static unsigned seen;

__attribute__((no_sanitize("thread"))) static void see(unsigned what)
{
    seen |= 1u << what;
}

static void *wait_in_loop(void *arg)
{
    pthread_mutex_lock(&lock);
    while (value == 0) {
        pthread_cond_wait(&changed, &lock);
        see(1);
    }
    value--;
    pthread_mutex_unlock(&lock);
    return arg;
}

static void give(unsigned count)
{
    pthread_mutex_lock(&lock);
    value += count;
    pthread_mutex_unlock(&lock);
}

static void signalled(void *unused)
{
    pthread_t t;
    (void)pthread_create(&t, NULL, wait_in_loop, unused);
    give(1);
    pthread_cond_signal(&changed);
    (void)pthread_join(t, NULL);
}

static void two_wait(bool all)
{
    pthread_t a;
    pthread_t b;
    (void)pthread_create(&a, NULL, wait_in_loop, NULL);
    (void)pthread_create(&b, NULL, wait_in_loop, NULL);
    give(2);
    if (all) {
        pthread_cond_broadcast(&changed);
    } else {
        pthread_cond_signal(&changed);
    }
    (void)pthread_join(a, NULL);
    (void)pthread_join(b, NULL);
}

static void broadcast_to_two(void *unused)
{
    (void)unused;
    two_wait(true);
}

static void signal_to_two(void *unused)
{
    (void)unused;
    two_wait(false);
}

Test(wrap_cond, a_signal_wakes_one_and_a_broadcast_all)
{
    seen = 0;
    model_holds(signalled, .name = "signal", .spurious = 1);
    cr_assert_eq(seen, 1u << 1);
    model_holds(broadcast_to_two, .name = "broadcast");
    model_breaks(signal_to_two, "lost wake-up", .name = "one of two");
}

static void *wait_once(void *arg)
{
    pthread_mutex_lock(&lock);
    if (value == 0) {
        pthread_cond_wait(&changed, &lock);
    }
    weft_model_assert(value == 1);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void if_for_while(void *unused)
{
    pthread_t t;
    (void)pthread_create(&t, NULL, wait_once, unused);
    give(1);
    pthread_cond_signal(&changed);
    (void)pthread_join(t, NULL);
}

Test(wrap_cond, a_wait_may_end_for_no_reason)
{
    model_holds(if_for_while, .name = "if");
    model_breaks(if_for_while, "value == 1", .name = "if", .spurious = 1);
}

static void *wait_until_five(void *arg)
{
    struct timespec five = {5, 0};
    pthread_mutex_lock(&lock);
    int error = 0;
    while (value == 0 && error == 0) {
        error = pthread_cond_timedwait(&changed, &lock, &five);
    }
    see(value != 0 ? 1 : error == ETIMEDOUT ? 2 : 3);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void in_time_or_late(void *unused)
{
    pthread_t t;
    (void)pthread_cond_init(&changed, NULL);
    (void)pthread_create(&t, NULL, wait_until_five, unused);
    give(1);
    pthread_cond_signal(&changed);
    (void)pthread_join(t, NULL);
    (void)pthread_cond_destroy(&changed);
}

Test(wrap_cond, a_wait_may_be_too_long)
{
    seen = 0;
    model_holds(in_time_or_late, .name = "deadline");
    cr_assert_eq(seen, 1u << 1 | 1u << 2);
}
