/* The spinlock, explored: exclusion, and WEFT_SPIN. In an execution a yield
 * lasts until the word changes, so that it never comes to naps, which only let
 * time pass. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static weft_spinlock s = WEFT_SPINLOCK_INIT;
static int value; /* plain: guarded by s alone */

/* How often each of these happened, in all executions. */
static struct {
    uint32_t held, busy, whole, half;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static void increment(void *unused)
{
    (void)unused;
    weft_spinlock_lock(&s);
    value++;
    weft_spinlock_unlock(&s);
}

static void three_increment(void *unused)
{
    weft_model_name(&s, sizeof s, "s");
    weft_model_thread a = weft_model_spawn(increment, NULL);
    weft_model_thread b = weft_model_spawn(increment, NULL);
    increment(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(value == 3);
}

Test(spinlock, excludes_three)
{
    model_holds(three_increment, .name = "spinlock, three threads");
}

static void increment_twice(void *unused)
{
    increment(unused);
    increment(unused);
}

static void two_increment_twice(void *unused)
{
    weft_model_thread t = weft_model_spawn(increment_twice, NULL);
    increment_twice(unused);
    weft_model_join(t);
    weft_model_assert(value == 4);
}

Test(spinlock, excludes_again_and_again)
{
    model_holds(two_increment_twice, .name = "spinlock, twice each");
}

static void try_once(void *unused)
{
    weft_model_thread t = weft_model_spawn(increment, NULL);
    if (weft_spinlock_lock_try(&s)) {
        value++;
        weft_spinlock_unlock(&s);
        count(&seen.held);
    } else {
        count(&seen.busy);
    }
    weft_model_join(t);
    increment(unused);
    weft_model_assert(value == 2 || value == 3);
}

Test(spinlock, tries_once)
{
    model_holds(try_once, .name = "spinlock, try");
    cr_assert(seen.held > 0 && seen.busy > 0);
}

/* The next holder may free the lock right after its own unlock. */
typedef struct block {
    weft_spinlock lock;
    int owners;
} block;

static void leave_block(void *arg)
{
    block *b = arg;
    weft_spinlock_lock(&b->lock);
    bool last = --b->owners == 0;
    weft_spinlock_unlock(&b->lock);
    if (last) {
        free(b);
    }
}

static void free_after_unlock(void *unused)
{
    (void)unused;
    block *b = malloc(sizeof *b);
    weft_model_assert(b != NULL);
    weft_spinlock_init(&b->lock);
    b->owners = 2;
    weft_model_thread t = weft_model_spawn(leave_block, b);
    leave_block(b);
    weft_model_join(t);
}

Test(spinlock, may_be_freed_by_the_next_holder)
{
    model_holds(free_after_unlock, .name = "spinlock, freed");
}

/* ------------------------------------------------------------------ WEFT_SPIN
 */

static void silence(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

/* Falls halfway: the lock is released all the same, and poisons nothing. */
static void break_off(void *unused)
{
    (void)unused;
    WEFT_SPIN(g, &s) {
        value = 1;
        weft_panic("half done");
    }
}

static void fall(void *unused)
{
    (void)unused;
    weft_model_assert(weft_catch_unwind(break_off, NULL, NULL) ==
                      WEFT_PANICKED);
}

static int look(void)
{
    WEFT_SPIN(g, &s) {
        return value;
    }
    weft_model_fail("the block was not entered");
}

static void one_falls(void *unused)
{
    (void)unused;
    (void)weft_panic_set_hook(silence);
    weft_model_assert(look() == 0);
    weft_model_thread t = weft_model_spawn(fall, NULL);
    count(look() == 0 ? &seen.whole : &seen.half);
    weft_model_join(t);
    weft_model_assert(look() == 1);
}

Test(spinlock, is_released_by_a_panic_in_its_block)
{
    model_holds(one_falls, .name = "spinlock, a holder panics");
    cr_assert(seen.whole > 0 && seen.half > 0);
}

/* A thread's end releases what is still held: here the guard is never
 * dropped, since the frame that has it never ends. */
static void end_inside(void *unused)
{
    (void)unused;
    static weft_spinlock_guard g;
    g = weft_spinlock_guard_of(&s);
    weft_model_assert(weft_spinlock_guard_take(&g) != NULL);
    value = 1;
}

static void one_ends(void *unused)
{
    (void)unused;
    weft_model_assert(look() == 0);
    weft_model_thread t = weft_model_spawn(end_inside, NULL);
    count(look() == 0 ? &seen.whole : &seen.half);
    weft_model_join(t);
    weft_model_assert(look() == 1);
}

Test(spinlock, is_released_by_its_holders_end)
{
    model_holds(one_ends, .name = "spinlock, a holder ends");
    cr_assert(seen.whole > 0 && seen.half > 0);
}
