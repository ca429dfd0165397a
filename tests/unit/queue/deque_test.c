/* The work-stealing deque. Rows 9 and 10 of the list of known bugs: an item
 * that is popped twice because a thief reads a slot that is reused
 * (RUSTSEC-2021-0093), and an empty pop that wraps an unsigned bottom
 * (crossbeam#33, ssbl/concurrent-deque#2). */
#include <weft/queue/deque.h>

#include "support/gang.h"

#include <criterion/criterion.h>

static wefti_deque d;
static int items[2 * WEFTI_DEQUE_CAPACITY];

TestSuite(deque, .init = wefti_deque_prepare);

Test(deque, gives_its_owner_the_newest_and_a_thief_the_oldest)
{
    for (int i = 0; i < 4; i++) {
        cr_assert(wefti_deque_push(&d, &items[i]));
    }
    cr_expect_eq(wefti_deque_pop(&d), &items[3]);
    cr_expect_eq(wefti_deque_steal(&d), &items[0]);
    cr_expect_eq(wefti_deque_pop(&d), &items[2]);
    cr_expect_eq(wefti_deque_steal(&d), &items[1]);
    cr_expect_null(wefti_deque_pop(&d));
    cr_expect_null(wefti_deque_steal(&d));
    cr_expect(wefti_deque_is_empty(&d));
}

Test(deque, take_finds_only_the_newest_and_leaves_the_last_to_pop)
{
    cr_assert(wefti_deque_push(&d, &items[0]));
    cr_expect_not(wefti_deque_take(&d, &items[0]));
    cr_assert(wefti_deque_push(&d, &items[1]));
    cr_expect_not(wefti_deque_take(&d, &items[0]));
    cr_expect(wefti_deque_take(&d, &items[1]));
    cr_expect_eq(wefti_deque_pop(&d), &items[0]);
    cr_expect_not(wefti_deque_take(&d, &items[0]));
}

/* Row 10. */
Test(deque, stays_empty_however_often_it_is_popped_when_empty)
{
    for (int i = 0; i < 100; i++) {
        cr_assert_null(wefti_deque_pop(&d));
        cr_assert_null(wefti_deque_steal(&d));
    }
    cr_assert(wefti_deque_push(&d, &items[0]));
    cr_expect_eq(wefti_deque_steal(&d), &items[0]);
    cr_expect_null(wefti_deque_pop(&d));
}

Test(deque, refuses_when_full_and_accepts_after_a_theft)
{
    for (int i = 0; i < WEFTI_DEQUE_CAPACITY; i++) {
        cr_assert(wefti_deque_push(&d, &items[i]));
    }
    cr_expect_not(wefti_deque_push(&d, &items[0]));
    cr_expect_eq(wefti_deque_steal(&d), &items[0]);
    cr_expect(wefti_deque_push(&d, &items[WEFTI_DEQUE_CAPACITY]));
    cr_expect_eq(wefti_deque_pop(&d), &items[WEFTI_DEQUE_CAPACITY]);
}

Test(deque, survives_the_wrap_of_its_indices)
{
    wefti_store_relaxed(&d.bottom, UINT64_MAX - 2);
    wefti_store_relaxed(&d.top, UINT64_MAX - 2);
    d.top_seen = UINT64_MAX - 2;
    for (int i = 0; i < 6; i++) {
        cr_assert(wefti_deque_push(&d, &items[i]));
    }
    cr_expect_eq(wefti_deque_steal(&d), &items[0]);
    for (int i = 5; i > 0; i--) {
        cr_assert_eq(wefti_deque_pop(&d), &items[i]);
    }
    cr_expect_null(wefti_deque_pop(&d));
}

Test(deque, remembers_a_wish_until_it_is_cleared)
{
    cr_expect_not(wefti_deque_wanted(&d));
    wefti_deque_want(&d);
    cr_expect(wefti_deque_wanted(&d));
}

/* Row 9: every item is got exactly once while the ring wraps many times. */
enum { MANY = 60000, RING = 16 };
static WEFT_ATOMIC(uint32_t) got[MANY];
static WEFT_ATOMIC(uint32_t) done;
static uint32_t numbers[MANY];

static void note(void *item)
{
    wefti_add_relaxed(&got[*(uint32_t *)item], 1u);
}

static void push_and_pop(gang_member *me)
{
    for (uint32_t i = 0; i < MANY; i++) {
        numbers[i] = i;
        gang_check(me, wefti_deque_push(&d, &numbers[i]));
        if (i % RING == RING - 1) {
            void *item;
            while ((item = wefti_deque_pop(&d)) != NULL) {
                note(item);
            }
        }
    }
    void *item;
    while ((item = wefti_deque_pop(&d)) != NULL) {
        note(item);
    }
    wefti_store_release(&done, 1u);
}

static void steal_all(gang_member *me)
{
    if (me->index == 0) {
        push_and_pop(me);
        return;
    }
    while (wefti_load_acquire(&done) == 0) {
        void *item = wefti_deque_steal(&d);
        if (item != NULL) {
            note(item);
        }
    }
}

Test(deque, hands_out_each_item_once_while_slots_are_reused)
{
    gang_run(3, steal_all, NULL);
    for (uint32_t i = 0; i < MANY; i++) {
        cr_assert_eq(wefti_load_relaxed(&got[i]), 1, "item %u", i);
    }
}
