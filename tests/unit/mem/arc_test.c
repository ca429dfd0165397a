#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <criterion/criterion.h>

#include <weft/mem/arc.h>

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
