/* Park and unpark: the permission brings what was written before it; with a
 * deadline too, and in threads that weft did not start.
 * planted 1: write_too_late
 * planted 2: read_after_a_timeout */
#include "flag.h"

#include <pthread.h>
#include <sched.h>

static long letter;
static weft_thread_ref reader;
static FLAG named;
static FLAG given_up; /* the first letter, or the wait for it */

__attribute__((noinline)) static long read_after_a_timeout(void)
{
    return letter;
}

static void *read_letter(void *arg)
{
    (void)arg;
    weft_require(weft_thread_current(&reader) == WEFT_OK);
    weft_atomic_bool_store_release(&named, true);
    weft_status s = WEFT_TIMEOUT;
    if (PLANTED == 2) {
        s = weft_thread_park_until(weft_deadline_after_ms(1));
        weft_require(s == WEFT_TIMEOUT);
        long seen = read_after_a_timeout();
        weft_atomic_bool_store_relaxed(&given_up, true);
        weft_thread_park(); /* not to end: reports know the living better */
        return (void *)seen;
    }
    while (s == WEFT_TIMEOUT) {
        s = weft_thread_park_until(weft_deadline_after_ms(1));
    }
    long first = letter;
    weft_atomic_bool_store_release(&given_up, true);
    weft_thread_park();
    return (void *)(letter + first);
}

__attribute__((noinline)) static void write_too_late(void)
{
    letter = 3;
}

int main(void)
{
    pthread_t t;
    weft_require(pthread_create(&t, NULL, read_letter, NULL) == 0);
    while (!weft_atomic_bool_load_acquire(&named)) {
        (void)sched_yield();
    }
    while (PLANTED == 2 && !weft_atomic_bool_load_relaxed(&given_up)) {
        (void)sched_yield();
    }
    letter = 1;
    weft_thread_unpark(&reader);
    if (PLANTED == 1) {
        write_too_late();
    }
    while (!weft_atomic_bool_load_acquire(&given_up)) {
        (void)sched_yield();
    }
    if (PLANTED == 0) {
        letter = 2;
    }
    weft_thread_unpark(&reader);
    weft_require(pthread_join(t, NULL) == 0);
    weft_thread_ref_drop(&reader);
    return 0;
}
