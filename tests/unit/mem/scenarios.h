/* What holds for an arc holds for an rc: one list of scenarios for both.
 * Included once, after the includer has defined
 *
 *     SUITE                               the name of the test suite
 *     DEFINE, DEFINE_DROP                 the macros under test
 *     set_counts(value, strong, weak)     overwrite the counts
 */

#define SCENARIO_IN(suite, name) Test(suite, name, .init = set_up)
#define SCENARIO_OF(suite, name) SCENARIO_IN(suite, name)
#define SCENARIO(name) SCENARIO_OF(SUITE, name)

typedef struct probe {
    int value;
    int *ended; /* counts destructions */
} probe;
WEFT_SEND(probe);

static void end_probe(probe *p)
{
    ++*p->ended;
}

DEFINE_DROP(handle, probe, end_probe);
DEFINE(number, int);

static handle make(int value, int *ended)
{
    const probe p = {value, ended};
    handle h;
    cr_assert_eq(handle_create(&h, p), WEFT_OK);
    return h;
}

SCENARIO(drop_of_the_only_handle_ends_the_value_once)
{
    int ended = 0;
    handle a = make(7, &ended);
    cr_expect_eq(handle_get(&a)->value, 7);
    cr_expect_eq(ended, 0);
    handle_drop(&a);
    cr_expect_eq(ended, 1);
    cr_expect_eq(test_alloc_live(), 0);
}

SCENARIO(last_of_many_clones_ends_the_value)
{
    enum { MANY = 100 };
    int ended = 0;
    handle a = make(7, &ended);
    handle clones[MANY];
    for (int i = 0; i < MANY; i++) {
        handle_clone(&clones[i], &a);
    }
    handle_drop(&a);
    for (int i = 0; i < MANY; i++) {
        cr_expect_eq(handle_get(&clones[i])->value, 7);
        cr_expect_eq(ended, 0);
        handle_drop(&clones[i]);
    }
    cr_expect_eq(ended, 1);
    cr_expect_eq(test_alloc_live(), 0);
}

SCENARIO(value_without_destructor_is_just_freed)
{
    number n;
    cr_assert_eq(number_create(&n, 42), WEFT_OK);
    cr_expect_eq(*number_get(&n), 42);
    number_drop(&n);
    cr_expect_eq(test_alloc_live(), 0);
}

SCENARIO(header_takes_sixteen_bytes)
{
    number n;
    cr_assert_eq(number_create(&n, 42), WEFT_OK);
    cr_expect_eq(test_alloc_live_bytes(), 16 + sizeof(int));
    cr_expect_eq(sizeof n, sizeof(void *));
    number_drop(&n);
}

SCENARIO(move_hands_over_the_handle_and_empties_the_source)
{
    int ended = 0;
    handle a = make(7, &ended);
    handle b = handle_move(&a);
    handle_drop_auto(&a);
    cr_expect_eq(ended, 0);
    cr_expect_eq(handle_get(&b)->value, 7);
    handle_drop(&b);
    cr_expect_eq(ended, 1);
}

#include "scenarios_empty.h"
#include "scenarios_weak.h"
#include "scenarios_owner.h"
#include "scenarios_limits.h"
