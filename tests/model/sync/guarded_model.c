/* The mutex that owns its data, explored: every way out of a block releases,
 * a panic poisons. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>

typedef struct account {
    int from, to; /* their sum is zero outside of every lock */
} account;
WEFT_MUTEX_DEFINE(bank, account);
WEFT_MUTEX_STATIC(bank, shared, {0, 0});

/* How often each of these happened, in all executions. */
static struct {
    uint32_t before, after, refused;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static int look(void)
{
    WEFT_LOCK(bank, g, &shared) {
        const account *a = bank_get(&g);
        weft_model_assert(a->from + a->to == 0);
        return a->to;
    }
    weft_model_fail("the block was not entered");
}

static void pay_and_break(void *unused)
{
    (void)unused;
    WEFT_LOCK(bank, g, &shared) {
        bank_get(&g)->from -= 5;
        bank_get(&g)->to += 5;
        break;
    }
}

static void pay_and_look(void *unused)
{
    (void)unused;
    weft_model_assert(look() == 0);
    weft_model_thread t = weft_model_spawn(pay_and_break, NULL);
    count(look() == 0 ? &seen.before : &seen.after);
    weft_model_join(t);
    weft_model_assert(look() == 5);
}

Test(guarded, releases_by_break_and_return)
{
    model_holds(pay_and_look, .name = "guarded, break and return",
                .spurious = 1);
    cr_assert(seen.before > 0 && seen.after > 0);
}

static void silence(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void pay_half(void *unused)
{
    (void)unused;
    WEFT_LOCK(bank, g, &shared) {
        bank_get(&g)->from -= 5;
        weft_panic("half done");
    }
}

static void fall(void *unused)
{
    (void)unused;
    weft_model_assert(weft_catch_unwind(pay_half, NULL, NULL) == WEFT_PANICKED);
}

static void look_once(void *unused)
{
    (void)unused;
    weft_model_assert(look() == 0);
}

/* Finds the sum whole, or is refused by a panic of its own and repairs it. */
static void look_or_repair(void)
{
    if (weft_catch_unwind(look_once, NULL, NULL) == WEFT_OK) {
        count(&seen.before);
        return;
    }
    bank_guard g;
    weft_model_assert(bank_recover(&shared, &g) == WEFT_OK);
    weft_model_assert(bank_get(&g)->from == -5);
    bank_get(&g)->from = 0;
    bank_clear_poison(&shared);
    bank_unlock(&g);
    count(&seen.refused);
}

static void one_falls(void *unused)
{
    (void)unused;
    (void)weft_panic_set_hook(silence);
    weft_model_assert(look() == 0);
    weft_model_thread t = weft_model_spawn(fall, NULL);
    look_or_repair();
    weft_model_join(t);
    if (!bank_is_poisoned(&shared)) {
        weft_model_assert(look() == 0);
    }
}

Test(guarded, poisons_by_panic_and_refuses_by_panic)
{
    model_holds(one_falls, .name = "guarded, a holder panics", .spurious = 1);
    cr_assert(seen.before > 0 && seen.refused > 0);
}

/* A guard is handed on: the frame that locked has returned. */
static weft_status lock_for(bank_guard *g)
{
    return bank_lock_until(&shared, g, weft_deadline_after_ms(1));
}

static void pay_in_time(void *unused)
{
    (void)unused;
    bank_guard g;
    if (lock_for(&g) == WEFT_OK) {
        bank_get(&g)->from -= 5;
        bank_get(&g)->to += 5;
        bank_unlock(&g);
        count(&seen.after);
    } else {
        count(&seen.refused);
    }
}

static void two_pay_in_time(void *unused)
{
    weft_model_assert(look() == 0);
    weft_model_thread t = weft_model_spawn(pay_in_time, NULL);
    pay_in_time(unused);
    weft_model_join(t);
    (void)look();
}

Test(guarded, locks_in_time_or_holds_nothing)
{
    model_holds(two_pay_in_time, .name = "guarded, deadline");
    cr_assert(seen.after > 0 && seen.refused > 0);
}
