#include "sync/joins.h"

#include <weft/base/unwind.h>
#include <weft/sync/mutex.h>
#include <weft/sync/spinlock.h>

#include "support/gang.h"

#include <criterion/criterion.h>

#include <string.h>

#if WEFT_CHECKED

static weft_mutex m;
static weft_spinlock s;
static const char one, two, three; /* keys of tasks */
static weft_panic_info info;

/* ---- a circle of a lock and joins, with real threads ---- */

typedef struct circle {
    gate wanted;
    bool spins;
    weft_status status;
} circle;

static void want_mutex(void *unused)
{
    (void)unused;
    weft_require(weft_mutex_lock(&m) == WEFT_OK);
}

WEFT_UNCHECKED static void want_spinlock(void *unused)
{
    (void)unused;
    weft_spinlock_lock(&s);
}

/* Member 0 holds both locks and waits for task one. One is member 1, and waits
 * for task two, which is member 2, who wants a lock. */
WEFT_UNCHECKED static void take_part(gang_member *me)
{
    circle *c = me->arg;
    wefti_task task;
    if (me->index == 0) {
        gang_check(me, weft_mutex_lock(&m) == WEFT_OK);
        weft_spinlock_lock(&s);
    }
    gang_meet(me);
    if (me->index == 2) {
        wefti_task_begin(&task, &two);
        c->status = weft_catch_unwind(c->spins ? want_spinlock : want_mutex,
                                      NULL, &info);
        wefti_task_end(&task);
        gate_open(&c->wanted);
    } else {
        if (me->index == 1) {
            wefti_task_begin(&task, &one);
        }
        uint32_t at = wefti_join_begin(me->index == 0 ? &one : &two);
        gate_wait(&c->wanted);
        wefti_join_end(at);
    }
    gang_meet(me);
    if (me->index == 0) {
        weft_spinlock_unlock(&s);
        weft_mutex_unlock(&m);
    }
}

Test(joins, task_that_wants_what_its_joiner_holds_panics)
{
    circle c = {.wanted = GATE_INIT};
    gang_run(3, take_part, &c);
    cr_assert_eq(c.status, WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "weft_mutex_lock: this thread "
                                            "wants, at joins_test.c:"));
    cr_assert_not_null(strstr(info.message, "the mutex that another one "
                                            "locked at joins_test.c:"));
}

Test(joins, the_same_with_a_spinlock)
{
    circle c = {.wanted = GATE_INIT, .spins = true};
    gang_run(3, take_part, &c);
    cr_assert_eq(c.status, WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "the spinlock that another one"));
}

/* ---- what is no circle ---- */

static void check(void *unused)
{
    (void)unused;
    wefti_join_check(&m.word, "call");
}

static weft_status check_as(const void *key)
{
    wefti_task task;
    wefti_task_begin(&task, key);
    weft_status status = weft_catch_unwind(check, NULL, &info);
    wefti_task_end(&task);
    return status;
}

Test(joins, only_a_join_of_this_task_matters)
{
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    uint32_t at = wefti_join_begin(&one);
    cr_assert_eq(check_as(&two), WEFT_OK);
    cr_assert_eq(check_as(&one), WEFT_PANICKED);
    wefti_join_end(at);
    cr_assert_eq(check_as(&one), WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(joins, lock_that_nobody_holds_closes_no_circle)
{
    uint32_t at = wefti_join_begin(&one);
    cr_assert_eq(check_as(&one), WEFT_OK);
    wefti_join_end(at);
}

Test(joins, outer_task_of_a_task_is_waited_for_too)
{
    wefti_task outer;
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    uint32_t at = wefti_join_begin(&one);
    wefti_task_begin(&outer, &one);
    cr_assert_eq(check_as(&three), WEFT_PANICKED);
    wefti_task_end(NULL);
    cr_assert_eq(weft_catch_unwind(check, NULL, NULL), WEFT_OK);
    wefti_join_end(at);
    weft_mutex_unlock(&m);
}

Test(joins, more_joins_than_are_known_are_no_misuse)
{
    enum { MANY = 1000 };
    static uint32_t at[MANY];
    for (int i = 0; i < MANY; i++) {
        at[i] = wefti_join_begin(&three);
    }
    for (int i = 0; i < MANY; i++) {
        wefti_join_end(at[i]);
    }
    cr_assert_lt(wefti_join_begin(&one), MANY);
}

Test(joins, patience_is_for_tasks_and_within_the_deadline)
{
    wefti_task task;
    cr_assert_eq(wefti_join_patience(WEFT_FOREVER).ns, WEFT_FOREVER.ns);
    wefti_task_begin(&task, &one);
    cr_assert_lt(wefti_join_patience(WEFT_FOREVER).ns, WEFT_FOREVER.ns);
    cr_assert_eq(wefti_join_patience(weft_deadline_at_ns(5)).ns, 5);
    wefti_task_end(&task);
}

#else

Test(joins, is_nothing_in_an_unchecked_build)
{
    cr_assert_eq(WEFT_CHECKED, 0);
}

#endif
