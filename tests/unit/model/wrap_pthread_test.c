/* A program of pthreads that has never heard of weft. */
#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static unsigned value;

/* What was seen in any execution. */
static unsigned seen;

__attribute__((no_sanitize("thread"))) static void see(unsigned what)
{
    seen |= 1u << what;
}

/* Start it, run it here too, and wait for it. */
static void both(void *(*run)(void *), void *theirs, void *ours)
{
    pthread_t t;
    weft_model_assert(pthread_create(&t, NULL, run, theirs) == 0);
    (void)run(ours);
    void *result = NULL;
    weft_model_assert(pthread_join(t, &result) == 0);
    weft_model_assert(result == theirs);
}

/* ------------------------------------------------------------------- mutex */

static void *increment(void *arg)
{
    weft_model_assert(pthread_mutex_lock(&lock) == 0);
    value++;
    weft_model_assert(pthread_mutex_unlock(&lock) == 0);
    return arg;
}

static void two_increment(void *unused)
{
    (void)unused;
    both(increment, &value, NULL);
    weft_model_assert(value == 2);
}

Test(wrap_pthread, a_mutex_excludes)
{
    model_holds(two_increment, .name = "mutex");
}

static void *increment_if_free(void *arg)
{
    int error = pthread_mutex_trylock(&lock);
    see(error == 0 ? 1 : error == EBUSY ? 2 : 3);
    if (error == 0) {
        value++;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void two_try(void *unused)
{
    (void)unused;
    both(increment_if_free, &value, NULL);
    weft_model_assert(value == 1 || value == 2);
}

Test(wrap_pthread, a_mutex_can_be_tried)
{
    seen = 0;
    model_holds(two_try, .name = "trylock");
    cr_assert_eq(seen, 1u << 1 | 1u << 2);
}

static void *lock_both(void *arg)
{
    pthread_mutex_t *first = arg != NULL ? &lock : &second;
    pthread_mutex_t *other = arg != NULL ? &second : &lock;
    pthread_mutex_lock(first);
    pthread_mutex_lock(other);
    pthread_mutex_unlock(other);
    pthread_mutex_unlock(first);
    return arg;
}

static void cross(void *unused)
{
    (void)unused;
    both(lock_both, &value, NULL);
}

static void lock_twice(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&lock);
}

Test(wrap_pthread, deadlocks_are_found)
{
    model_breaks(cross, "deadlock", .name = "cross");
    model_breaks(lock_twice, "deadlock or lost wake-up: T0: lock lock",
                 .name = "twice");
}

static void make_and_lock(void *unused)
{
    (void)unused;
    pthread_mutex_t mine;
    memset(&mine, 7, sizeof mine);
    weft_model_assert(pthread_mutex_init(&mine, NULL) == 0);
    weft_model_assert(pthread_mutex_lock(&mine) == 0);
    weft_model_assert(pthread_mutex_unlock(&mine) == 0);
    weft_model_assert(pthread_mutex_destroy(&mine) == 0);
}

Test(wrap_pthread, a_mutex_can_be_made)
{
    model_holds(make_and_lock, .name = "init");
}

/* -------------------------------------------------------------------- once */

static void initialise(void)
{
    value++;
}

static void *call_once(void *arg)
{
    weft_model_assert(pthread_once(&once, initialise) == 0);
    weft_model_assert(value == 1);
    return arg;
}

static void two_call_once(void *unused)
{
    (void)unused;
    both(call_once, &value, NULL);
    (void)call_once(NULL);
}

Test(wrap_pthread, once_is_once)
{
    model_holds(two_call_once, .name = "once");
}

/* -------------------------------------------------------------------- keys */

static void destroy(void *memory)
{
    see(1);
    free(memory);
}

static void *keep(void *arg)
{
    weft_model_assert(pthread_getspecific(key) == NULL);
    unsigned *mine = malloc(sizeof *mine);
    weft_model_assert(mine != NULL && pthread_setspecific(key, mine) == 0);
    weft_model_assert(pthread_getspecific(key) == mine);
    return arg;
}

static void two_keep(void *unused)
{
    (void)unused;
    weft_model_assert(pthread_key_create(&key, destroy) == 0);
    both(keep, &value, NULL);
    free(pthread_getspecific(key));
    weft_model_assert(pthread_key_delete(key) == 0);
    weft_model_assert(pthread_setspecific(key, &value) == EINVAL);
}

Test(wrap_pthread, keys_are_per_thread_and_destroyed)
{
    seen = 0;
    model_holds(two_keep, .name = "keys");
    cr_assert_eq(seen, 1u << 1);
}

static void many_keys(void *unused)
{
    (void)unused;
    pthread_key_t k;
    int made = 0;
    while (pthread_key_create(&k, NULL) == 0) {
        made++;
    }
    weft_model_assert(made == 32);
}

Test(wrap_pthread, there_are_so_many_keys)
{
    model_holds(many_keys, .name = "many keys");
    model_holds(many_keys, .name = "as many again");
}

/* ------------------------------------------------------------------ threads */

static void clean(int *unused)
{
    (void)unused;
    value += 10;
}

static void handle(void *arg)
{
    value += *(unsigned *)arg;
}

static void *stop_here(void *arg)
{
    unsigned hundred = 100;
    pthread_cleanup_push(handle, &hundred);
    int frame __attribute__((cleanup(clean))) = 0;
    (void)frame;
    weft_model_yield();
    pthread_exit(arg);
    pthread_cleanup_pop(0);
    return arg;
}

static void join_the_stopped(void *unused)
{
    (void)unused;
    pthread_t t;
    weft_model_assert(pthread_create(&t, NULL, stop_here, &value) == 0);
    void *result = NULL;
    weft_model_assert(pthread_join(t, &result) == 0);
    weft_model_assert(result == &value);
    weft_model_assert(value == 110);
}

Test(wrap_pthread, a_thread_can_exit)
{
    model_holds(join_the_stopped, .name = "exit");
}

static void join_nobody(void *unused)
{
    (void)unused;
    (void)pthread_join((pthread_t)1, NULL);
}

Test(wrap_pthread, only_threads_can_be_joined)
{
    model_breaks(join_nobody, "pthread_join of no thread", .name = "nobody");
}
