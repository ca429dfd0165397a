/* Parking of threads, explored: the permission goes by way of a ref, which
 * outlives the thread that it names. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>

static weft_thread_ref parked; /* the main thread of the execution */
static int letter;             /* plain: handed over by the permission alone */

/* How often each of these happened, in all executions. */
static struct {
    uint32_t early, late;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static void write_and_unpark(void *unused)
{
    (void)unused;
    letter = 1;
    weft_thread_unpark(&parked);
}

static void park_once(void *unused)
{
    weft_model_assert(weft_thread_current(&parked) == WEFT_OK);
    weft_model_thread t = weft_model_spawn(write_and_unpark, unused);
    weft_thread_park();
    weft_model_assert(letter == 1);
    weft_model_join(t);
    weft_thread_ref_drop(&parked);
}

Test(park, waits_for_unpark)
{
    model_holds(park_once, .name = "thread, park", .spurious = 2);
}

static void park_with_deadline(void *unused)
{
    weft_model_assert(weft_thread_current(&parked) == WEFT_OK);
    weft_model_thread t = weft_model_spawn(write_and_unpark, unused);
    if (weft_thread_park_until(weft_deadline_after_ms(1)) == WEFT_OK) {
        weft_model_assert(letter == 1);
        count(&seen.early);
    } else {
        count(&seen.late);
        weft_thread_park();
        weft_model_assert(letter == 1);
    }
    weft_model_join(t);
    weft_model_assert(weft_thread_park_until(weft_deadline_at_ns(0)) ==
                      WEFT_TIMEOUT);
    weft_thread_ref_drop(&parked);
}

Test(park, waits_until_the_deadline)
{
    model_holds(park_with_deadline, .name = "thread, park with deadline",
                .spurious = 1);
    cr_assert(seen.early > 0 && seen.late > 0);
}

/* The usual loop: a condition, a park for each look at it. Two threads meet it
 * half each, and their permissions may become one. */
static weft_atomic_u32 arrived;

static void arrive(void *unused)
{
    (void)unused;
    (void)weft_atomic_u32_add_release(&arrived, 1);
    weft_thread_unpark(&parked);
}

static void wait_for_two(void *unused)
{
    weft_model_assert(weft_thread_current(&parked) == WEFT_OK);
    weft_model_thread a = weft_model_spawn(arrive, unused);
    weft_model_thread b = weft_model_spawn(arrive, unused);
    while (weft_atomic_u32_load_acquire(&arrived) != 2) {
        weft_thread_park();
    }
    weft_model_join(a);
    weft_model_join(b);
    weft_thread_ref_drop(&parked);
}

Test(park, loses_no_arrival)
{
    model_holds(wait_for_two, .name = "thread, two arrive");
}

/* A thread that has ended, or is about to, is unparked without effect: its
 * state lives as long as the last ref. */
static weft_atomic_u32 named;
static weft_thread_ref refs[2];

static void be_named_and_park(void *count_of_refs)
{
    weft_model_assert(weft_thread_current(&refs[0]) == WEFT_OK);
    weft_thread_ref_clone(&refs[1], &refs[0]);
    if (count_of_refs == NULL) {
        weft_thread_ref_drop(&refs[1]);
    }
    weft_atomic_u32_store_release(&named, 1);
    bool in_time = weft_thread_park_until(weft_deadline_after_ms(1)) == WEFT_OK;
    count(in_time ? &seen.early : &seen.late);
}

static void unpark_and_drop(void *ref)
{
    while (weft_atomic_u32_load_acquire(&named) == 0) {
        weft_model_yield();
    }
    weft_thread_unpark(ref);
    weft_thread_ref_drop(ref);
}

static void unpark_the_ended(void *unused)
{
    weft_model_thread t = weft_model_spawn(be_named_and_park, unused);
    unpark_and_drop(&refs[0]);
    weft_model_join(t);
}

Test(park, outlives_the_thread_that_parked)
{
    model_holds(unpark_the_ended, .name = "thread, unpark the ended");
    cr_assert(seen.early > 0 && seen.late > 0);
}

static void two_unpark_the_ended(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(be_named_and_park, refs);
    weft_model_thread other = weft_model_spawn(unpark_and_drop, &refs[1]);
    unpark_and_drop(&refs[0]);
    weft_model_join(other);
    weft_model_join(t);
}

Test(park, is_named_by_two)
{
    model_holds(two_unpark_the_ended, .name = "thread, two unpark the ended");
    cr_assert(seen.early > 0 && seen.late > 0);
}

/* A thread of weft's, named by its handle, which is then given up. */
static void *park_and_read(void *unused)
{
    weft_thread_park();
    weft_model_assert(letter == 1);
    return unused;
}

static void unpark_a_thread(void *detached)
{
    weft_thread t;
    weft_thread_ref ref;
    weft_model_assert(weft_thread_spawn(&t, park_and_read, NULL) == WEFT_OK);
    weft_thread_ref_of(&ref, &t);
    if (detached != NULL) {
        weft_thread_detach(&t);
    }
    letter = 1;
    weft_thread_unpark(&ref);
    weft_thread_ref_drop(&ref);
    if (detached == NULL) {
        weft_model_assert(weft_thread_join(&t, NULL) == WEFT_OK);
    }
}

Test(park, ends_in_a_thread_that_is_joined)
{
    model_holds(unpark_a_thread, .name = "thread, unpark and join",
                .spurious = 1);
}

Test(park, ends_in_a_thread_that_is_detached)
{
    static char yes[] = "yes";
    model_holds_with(unpark_a_thread, yes,
                     .name = "thread, unpark the detached", .spurious = 1);
}
