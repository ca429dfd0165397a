/* Threads: arguments and results, joined, asked and detached.
 * planted 1: read_before_the_join
 * planted 2: read_where_the_result_goes race
 * planted 3: join_beside_another */
#include "flag.h"

#include <sched.h>
#include <stdlib.h>

typedef struct numbers {
    long n[8];
} numbers;
WEFT_SEND(numbers);
WEFT_THREAD_DEFINE(doubling, numbers, numbers);

static long side_effect;
static doubling_result end;
static doubling shared_handle;
static FLAG looked;

static numbers twice(numbers in)
{
    for (int i = 0; i < 8; i++) {
        in.n[i] *= 2;
    }
    side_effect = in.n[0];
    return in;
}

__attribute__((noinline)) static long read_before_the_join(void)
{
    return side_effect;
}

static void *write_at_leisure(void *arg)
{
    *(long *)arg = 3;
    return NULL;
}

/* A detached thread's end is seen by its ref and by is_finished. */
static void ask(void)
{
    weft_thread t;
    long *word = malloc(sizeof *word);
    weft_require(word != NULL);
    weft_require(weft_thread_spawn(&t, write_at_leisure, word) == WEFT_OK);
    while (!weft_thread_is_finished(&t)) {
        (void)sched_yield();
    }
    weft_require(*word == 3); /* is_finished has ordered it */
    free(word);
    weft_thread_ref ref;
    weft_thread_ref_of(&ref, &t);
    weft_thread_detach(&t);
    weft_thread_ref_drop(&ref);
}

__attribute__((noinline)) static void *read_where_the_result_goes(void *arg)
{
    (void)arg;
    void *seen = end.value.n[7] != 0 ? &end : NULL;
    weft_atomic_bool_store_relaxed(&looked, true);
    return seen;
}

__attribute__((noinline)) static void *join_beside_another(void *arg)
{
    (void)arg;
    weft_status s = doubling_join_try(&shared_handle, NULL);
    while (s == WEFT_BUSY) {
        s = doubling_join_until(&shared_handle, NULL,
                                weft_deadline_after_ms(1));
    }
    return NULL;
}

/* The last ref frees what the thread has used. */
static void outlive(numbers in)
{
    doubling t;
    weft_thread_ref ref;
    side_effect = 0;
    weft_require(doubling_spawn(&t, twice, in) == WEFT_OK);
    doubling_ref_of(&ref, &t);
    doubling_detach(&t);
    weft_thread_sleep_until(weft_deadline_after_ms(2)); /* orders nothing */
    weft_thread_ref_drop(&ref);
}

__attribute__((noinline)) static void race(weft_thread_fn *with)
{
    weft_thread t;
    weft_require(weft_thread_spawn(&t, with, NULL) == WEFT_OK);
    while (PLANTED == 2 && !weft_atomic_bool_load_relaxed(&looked)) {
        (void)sched_yield();
    }
    if (PLANTED == 3) {
        (void)join_beside_another(NULL);
    }
    weft_require(PLANTED == 3 || doubling_join(&shared_handle, &end) == 0);
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
}

int main(void)
{
    const numbers in = {{1, 2, 3, 4, 5, 6, 7, 8}};
    for (int i = 0; i < 20; i++) {
        doubling t;
        doubling_result out;
        weft_require(doubling_spawn(&t, twice, in) == WEFT_OK);
        long early = PLANTED == 1 ? read_before_the_join() : 0;
        weft_require(doubling_join(&t, &out) == WEFT_OK);
        weft_require(out.value.n[7] == 16 && early <= 2);
        weft_require(read_before_the_join() == 2);
        ask();
    }
    if (PLANTED == 0) {
        outlive(in);
    }
    weft_require(doubling_spawn(&shared_handle, twice, in) == WEFT_OK);
    if (PLANTED == 2) {
        race(read_where_the_result_goes);
    } else if (PLANTED == 3) {
        race(join_beside_another);
    } else {
        weft_require(doubling_join(&shared_handle, &end) == WEFT_OK);
    }
    return 0;
}
