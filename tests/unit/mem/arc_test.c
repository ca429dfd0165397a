#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <criterion/criterion.h>

#include <weft/mem/arc.h>
#include <weft/sync/atomic.h>

#include "support/gang.h"

#include "fixture.h"

#define SUITE arc
#define DEFINE WEFT_ARC_DEFINE
#define DEFINE_DROP WEFT_ARC_DEFINE_DROP

static void set_counts(void *value, uint32_t strong, uint32_t weak)
{
    /* relaxed: one thread. */
    wefti_store_relaxed(&wefti_arc_of(value)->counts,
                        strong * WEFTI_ARC_STRONG + weak * WEFTI_ARC_WEAK);
}

#include "scenarios.h"

WEFT_REQUIRE_SEND(handle, arc_of_sendable_is_sendable);
WEFT_REQUIRE_SEND(handle_weak, weak_of_sendable_is_sendable);

typedef struct table {
    handle handles[4];
    int ended;
} table;

static void read_and_drop(gang_member *me)
{
    table *t = me->arg;
    handle *mine = &t->handles[me->index];
    gang_check(me, handle_get(mine)->value == 7);
    handle_drop(mine);
}

Test(arc, value_ends_once_on_whichever_thread_drops_last, .init = set_up)
{
    table t = {.ended = 0};
    handle a = make(7, &t.ended);
    for (int i = 0; i < 4; i++) {
        handle_clone(&t.handles[i], &a);
    }
    handle_drop(&a);
    gang_run(4, read_and_drop, &t);
    cr_expect_eq(t.ended, 1);
    cr_expect_eq(test_alloc_live(), 0);
}

typedef weft_atomic_u64 meter;
WEFT_SEND(meter);
WEFT_ARC_DEFINE(shared_meter, meter);
WEFT_ARC_SYNC(shared_meter, meter);

static void count_up(gang_member *me)
{
    shared_meter *mine = (shared_meter *)me->arg + me->index;
    for (int i = 0; i < 1000; i++) {
        weft_atomic_u64_add_relaxed(shared_meter_get_sync(mine), 1);
    }
    shared_meter_drop(mine);
}

Test(arc, value_that_synchronises_itself_changes_while_shared, .init = set_up)
{
    shared_meter handles[4];
    shared_meter mine;
    cr_assert_eq(shared_meter_create(&mine, (meter)WEFT_ATOMIC_INIT(0)),
                 WEFT_OK);
    for (int i = 0; i < 4; i++) {
        shared_meter_clone(&handles[i], &mine);
    }
    gang_run(4, count_up, handles);
    const meter *m = shared_meter_get(&mine);
    cr_expect_eq(weft_atomic_u64_load_relaxed(m), 4000);
    shared_meter_drop(&mine);
    cr_expect_eq(test_alloc_live(), 0);
}
