/* The parker, explored: a permission is never lost, never taken twice, and
 * nothing else ends a park. */
#include "support/model.h"

#include "base/park.h"

#include <criterion/criterion.h>

static wefti_parker p;
static wefti_parker q;
static int letter[3]; /* plain: handed over by the permission alone */

/* How often each of these happened, in all executions. */
static struct {
    uint32_t slept, early, late, one, both;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static void write_and_unpark(void *letter_of_mine)
{
    *(int *)letter_of_mine = 1;
    wefti_parker_unpark(&p);
}

static void park(wefti_parker *who)
{
    weft_model_assert(wefti_parker_park_until(who, WEFT_FOREVER));
}

static bool take_now(void)
{
    return wefti_parker_park_until(&p, weft_deadline_at_ns(0));
}

enum { PARKED = 1 }; /* in park.c */

static void look_and_unpark(void *unused)
{
    (void)unused;
    letter[1] = 1;
    bool sleeps = wefti_load_relaxed(&p.state) == PARKED;
    count(sleeps ? &seen.slept : &seen.early);
    wefti_parker_unpark(&p);
}

static void park_once(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(look_and_unpark, NULL);
    park(&p);
    weft_model_assert(letter[1] == 1);
    weft_model_join(t);
    weft_model_assert(!take_now());
}

Test(park, waits_for_the_permission)
{
    model_holds(park_once, .name = "park once", .spurious = 2);
    cr_assert(seen.slept > 0 && seen.early > 0);
}

/* Each of two permissions ends a park, or both are one. */
static void two_unpark(void *unused)
{
    (void)unused;
    weft_model_thread one = weft_model_spawn(write_and_unpark, &letter[1]);
    weft_model_thread two = weft_model_spawn(write_and_unpark, &letter[2]);
    park(&p);
    bool again = take_now();
    if (again) {
        weft_model_assert(letter[1] == 1 && letter[2] == 1);
    }
    weft_model_join(one);
    weft_model_join(two);
    bool left = take_now();
    weft_model_assert(!again || !left);
    count(again || left ? &seen.both : &seen.one);
}

Test(park, merges_two_permissions)
{
    model_holds(two_unpark, .name = "two unpark", .spurious = 1);
    cr_assert(seen.both > 0 && seen.one > 0);
}

/* A deadline that passes takes nothing; the permission is there for the next
 * park, or has been taken in the nick of time. tokio#459, #1788 and #2134 lost
 * it: the word changed between the look at it and the change that relied on it.
 */
static void park_with_deadline(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(write_and_unpark, &letter[1]);
    if (wefti_parker_park_until(&p, weft_deadline_after_ms(1))) {
        weft_model_assert(letter[1] == 1);
        count(&seen.early);
    } else {
        count(&seen.late);
        park(&p);
        weft_model_assert(letter[1] == 1);
    }
    weft_model_join(t);
    weft_model_assert(!take_now());
}

Test(park, keeps_the_permission_that_came_too_late)
{
    model_holds(park_with_deadline, .name = "park with deadline",
                .spurious = 1);
    cr_assert(seen.early > 0 && seen.late > 0);
}

/* musl 97c5b5a8, of its kind: the word holds again what a late wake-up was
 * meant for. It must not count as a permission. */
static void answer(void *unused)
{
    (void)unused;
    for (int round = 1; round <= 2; round++) {
        letter[0]++;
        wefti_parker_unpark(&p);
        park(&q);
        weft_model_assert(letter[0] == 2 * round);
    }
}

static void take_turns(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(answer, NULL);
    for (int round = 1; round <= 2; round++) {
        park(&p);
        weft_model_assert(letter[0] == 2 * round - 1);
        letter[0]++;
        wefti_parker_unpark(&q);
    }
    weft_model_join(t);
}

Test(park, outlives_a_wake_up_meant_for_an_earlier_park)
{
    model_holds(take_turns, .name = "park in turns", .spurious = 2);
}

/* liburcu, June 2022: a wait that returns for no reason is no permission. */
static void nobody_unparks(void *unused)
{
    (void)unused;
    weft_model_assert(!wefti_parker_park_until(&p, weft_deadline_after_ms(1)));
    weft_model_assert(!take_now());
    wefti_parker_unpark(&p);
    park(&p);
}

Test(park, does_not_take_a_spurious_return_for_a_permission)
{
    model_holds(nobody_unparks, .name = "nobody unparks", .spurious = 3);
}
