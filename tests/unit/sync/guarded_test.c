#include <weft/sync/guarded.h>

#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <string.h>

#include "support/gang.h"

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

typedef struct account {
    long balance;
} account;

WEFT_MUTEX_DEFINE(bank, account);
WEFT_MUTEX_STATIC(bank, hundred, {.balance = 100});

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void be_quiet(void)
{
    (void)weft_panic_set_hook(quiet);
}

TestSuite(guarded, .init = be_quiet);

Test(guarded, static_value_is_there_from_the_start)
{
    WEFT_LOCK(bank, g, &hundred) {
        cr_assert_eq(bank_get(&g)->balance, 100);
    }
}

Test(guarded, init_moves_the_value_in)
{
    bank b;
    bank_init(&b, (account){.balance = 7});
    bank_guard g;
    cr_assert_eq(bank_lock(&b, &g), WEFT_OK);
    cr_assert_eq(bank_get(&g)->balance, 7);
    bank_unlock(&g);
    cr_assert_eq(bank_get_unshared(&b)->balance, 7);
}

Test(guarded, data_lies_on_the_cache_line_of_its_lock)
{
    bank b;
    bank_init(&b, (account){0});
    size_t apart = (size_t)((char *)bank_get_unshared(&b) - (char *)&b.mutex);
    cr_assert_leq(apart, sizeof(weft_mutex) + WEFT_ALIGNOF(account));
}

static void deposit(gang_member *me)
{
    bank *b = me->arg;
    for (int i = 0; i < 10000; i++) {
        WEFT_LOCK(bank, g, b) {
            bank_get(&g)->balance++;
        }
        bank_guard g;
        gang_check(me, bank_lock(b, &g) == WEFT_OK);
        bank_get(&g)->balance++;
        bank_unlock(&g);
    }
}

Test(guarded, loses_no_deposit)
{
    bank b = {0};
    gang_run(4, deposit, &b);
    cr_assert_eq(bank_get_unshared(&b)->balance, 80000);
}

Test(guarded, waiting_forms_behave_like_the_mutex)
{
    bank b = {0};
    bank_guard g;
    bank_guard h;
    cr_assert_eq(bank_lock_try(&b, &g), WEFT_OK);
    cr_assert_eq(bank_lock_try(&b, &h), WEFT_BUSY);
    cr_assert_eq(bank_recover_try(&b, &h), WEFT_BUSY);
    bank_unlock(&g);
    cr_assert_eq(bank_lock_until(&b, &g, weft_deadline_at_ns(0)), WEFT_OK);
    bank_unlock(&g);
    cr_assert_eq(bank_recover_until(&b, &g, WEFT_FOREVER), WEFT_OK);
    bank_unlock(&g);
}

static void deposit_and_panic(void *arg)
{
    bank *b = arg;
    WEFT_LOCK(bank, g, b) {
        bank_get(&g)->balance = 1;
        weft_panic("half done");
    }
}

Test(guarded, poisoned_by_a_panic_and_repaired)
{
    bank b = {0};
    cr_assert_eq(weft_catch_unwind(deposit_and_panic, &b, NULL), WEFT_PANICKED);
    cr_assert(bank_is_poisoned(&b));
    bank_guard g;
    cr_assert_eq(bank_lock(&b, &g), WEFT_POISONED);
    cr_assert_eq(bank_recover(&b, &g), WEFT_OK);
    bank_get(&g)->balance = 0;
    bank_clear_poison(&b);
    bank_unlock(&g);
    cr_assert_not(bank_is_poisoned(&b));
    cr_assert_eq(bank_lock(&b, &g), WEFT_OK);
    bank_unlock(&g);
}

static bank shared;

static void get_without_lock(void *arg)
{
    bank_guard *g = arg;
    WEFT_LOCK(bank, held, &shared) {
        *g = held;
        g->mutex = NULL;
    }
    bank_get(g)->balance++;
}

static void unlock_twice(void *arg)
{
    bank_guard *g = arg;
    if (bank_lock(&shared, g) == WEFT_OK) {
        bank_unlock(g);
        bank_unlock(g);
    }
}

Test(guarded, get_through_a_guard_that_holds_nothing_panics)
{
    bank_guard g = {0};
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(get_without_lock, &g, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "bank_get: the guard does not"));
}

Test(guarded, unlock_of_a_guard_that_holds_nothing_panics)
{
    bank_guard g = {0};
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(unlock_twice, &g, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "bank_unlock: the guard does not"));
}

static long balance_under_scope(bank *b)
{
    WEFT_LOCK_SCOPE(bank, g, b);
    return bank_get(&g)->balance;
}

Test(guarded, scope_form_holds_to_the_end_of_the_block)
{
    cr_assert_eq(balance_under_scope(&hundred), 100);
    cr_assert_eq(balance_under_scope(&hundred), 100);
}

Test(guarded, guard_can_be_moved)
{
    bank b = {0};
    bank_guard g;
    cr_assert_eq(bank_lock(&b, &g), WEFT_OK);
    bank_guard moved = g;
    g.mutex = NULL;
    bank_get(&moved)->balance = 3;
    bank_unlock(&moved);
    cr_assert_eq(bank_get_unshared(&b)->balance, 3);
}

/* Locks for its caller, from a frame that is gone afterwards. */
__attribute__((noinline)) static bank_guard lock_for_the_caller(bank *b)
{
    bank_guard g;
    weft_require(bank_lock(b, &g) == WEFT_OK);
    return g;
}

__attribute__((noinline)) static void panic_in_the_same_place(bank *b)
{
    char filler[512];
    (void)memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    weft_panic("%p %s", (void *)b, filler);
}

static void panic_under_a_moved_guard(void *arg)
{
    bank_guard g WEFT_CLEANUP(bank_guard_drop) = lock_for_the_caller(arg);
    bank_get(&g)->balance = 1;
    panic_in_the_same_place(arg);
}

Test(guarded, guard_that_was_moved_out_of_its_frame_poisons)
{
    bank b = {0};
    cr_assert_eq(weft_catch_unwind(panic_under_a_moved_guard, &b, NULL),
                 WEFT_PANICKED);
    bank_guard g;
    cr_assert_eq(bank_lock(&b, &g), WEFT_POISONED);
    cr_assert_eq(bank_recover_try(&b, &g), WEFT_OK);
    bank_unlock(&g);
}

static int without_a_lock(int x)
{
    WEFT_NO_LOCK_HERE("call");
    return x;
}

/* A statement that must not be made under a lock. */
#define ALONE(x)                    \
    __extension__({                 \
        WEFT_NO_LOCK_HERE("ALONE"); \
        without_a_lock(x);          \
    })

Test(guarded, the_mark_of_a_guard_ends_with_its_block)
{
    static bank b;
    static weft_mutex m;
    int sum = ALONE(1);
    WEFT_LOCK(bank, g, &b) {
        bank_get(&g)->balance += 2;
        WEFT_LOCK_SCOPE(weft_mutex, h, &m);
    }
    sum += ALONE(4);
    {
        WEFT_LOCK_SCOPE(bank, g, &b);
        sum += (int)bank_get(&g)->balance;
    }
    for (int i = 0; i < 2; i++) {
        sum += ALONE(8);
        WEFT_LOCK_SCOPE(bank, g, &b);
    }
    cr_assert_eq(sum, 23);
}
