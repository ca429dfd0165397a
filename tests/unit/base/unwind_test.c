#include "base/record.h"

#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/gang.h"

static int order[16];
static size_t ran; /* cleanups so far */

static void note(int *tag)
{
    order[ran++] = *tag;
}

#define TRACKED(name, value) int name WEFT_CLEANUP(note) WEFT_UNUSED = (value)

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void be_quiet(void)
{
    (void)weft_panic_set_hook(quiet);
}

TestSuite(unwind, .init = be_quiet);

__attribute__((noinline)) static void innermost(void *arg)
{
    TRACKED(tag, 3);
    weft_panic("boom %d", *(int *)arg);
}

__attribute__((noinline)) static void middle(void *arg)
{
    TRACKED(tag, 2);
    innermost(arg);
}

static void outermost(void *arg)
{
    TRACKED(tag, 1);
    middle(arg);
}

Test(unwind, runs_cleanups_from_the_inside_out)
{
    int value = 42;
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(outermost, &value, &info), WEFT_PANICKED);
    cr_assert_str_eq(info.message, "boom 42");
    cr_assert_eq(ran, 3);
    cr_assert_eq(order[0], 3);
    cr_assert_eq(order[1], 2);
    cr_assert_eq(order[2], 1);
}

Test(unwind, tells_where_the_panic_was)
{
    int value = 1;
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(innermost, &value, &info), WEFT_PANICKED);
    cr_assert_eq(strcmp(info.file, __FILE__), 0);
    cr_assert_gt(info.line, 1);
}

static void returns(void *arg)
{
    ++*(int *)arg;
}

Test(unwind, passes_a_normal_return_through)
{
    int calls = 0;
    cr_assert_eq(weft_catch_unwind(returns, &calls, NULL), WEFT_OK);
    cr_assert_eq(calls, 1);
    cr_assert_not(weft_panicking());
}

Test(unwind, works_without_a_place_for_the_message)
{
    int value = 1;
    cr_assert_eq(weft_catch_unwind(outermost, &value, NULL), WEFT_PANICKED);
}

static void catches_and_panics_anew(void *arg)
{
    TRACKED(tag, 9);
    weft_panic_info inner;
    if (weft_catch_unwind(outermost, arg, &inner) != WEFT_PANICKED) {
        return;
    }
    weft_panic("after: %s", inner.message);
}

Test(unwind, nests)
{
    int value = 7;
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(catches_and_panics_anew, &value, &info),
                 WEFT_PANICKED);
    cr_assert_str_eq(info.message, "after: boom 7");
    cr_assert_eq(ran, 4);
    cr_assert_eq(order[3], 9);
}

static bool was_panicking;

static void catches_in_a_cleanup(int *value)
{
    was_panicking =
        weft_panicking() &&
        weft_catch_unwind(innermost, value, NULL) == WEFT_PANICKED &&
        weft_panicking();
}

static void panics_around_a_catch(void *arg)
{
    int value WEFT_CLEANUP(catches_in_a_cleanup) WEFT_UNUSED = 5;
    weft_panic("outer %s", (const char *)arg);
}

Test(unwind, can_be_caught_in_a_cleanup_of_an_outer_panic)
{
    char text[] = "panic";
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(panics_around_a_catch, text, &info),
                 WEFT_PANICKED);
    cr_assert_str_eq(info.message, "outer panic");
    cr_assert(was_panicking);
    cr_assert_not(weft_panicking());
}

static void panics_again(int *unused)
{
    (void)unused;
    weft_panic("second");
}

static void panics_twice(void *arg)
{
    int unused WEFT_CLEANUP(panics_again) WEFT_UNUSED = 0;
    weft_panic("first %s", (const char *)arg);
}

Test(unwind, of_a_second_panic_in_a_cleanup_aborts, .signal = SIGABRT)
{
    char text[] = "!";
    (void)!weft_catch_unwind(panics_twice, text, NULL);
}

Test(unwind, without_a_catch_point_aborts, .signal = SIGABRT)
{
    int value = 1;
    innermost(&value);
}

enum { DEPTH = 2000 };

static size_t deep_cleanups;

static void count_deep(int *unused)
{
    (void)unused;
    deep_cleanups++;
}

static void descend(int left)
{
    int unused WEFT_CLEANUP(count_deep) WEFT_UNUSED = 0;
    if (left == 0) {
        weft_panic("bottom");
    }
    if (left > 0) { /* always; but gcc must not know it */
        descend(left - 1);
    }
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static void descends(void *arg)
{
    descend(*(int *)arg);
}

Test(unwind, leaves_a_deep_stack)
{
    int depth = DEPTH;
    cr_assert_eq(weft_catch_unwind(descends, &depth, NULL), WEFT_PANICKED);
    cr_assert_eq(deep_cleanups, DEPTH + 1);
}

__attribute__((noinline)) static void panics_plainly(void *arg)
{
    weft_panic("boom %d", *(int *)arg);
}

static void panic_on_many_threads(gang_member *me)
{
    for (int i = 0; i < 500; i++) {
        weft_panic_info info;
        char expected[32];
        int value = (int)me->index * 1000 + i;
        (void)snprintf(expected, sizeof expected, "boom %d", value);
        weft_status status = weft_catch_unwind(panics_plainly, &value, &info);
        gang_check(me, status == WEFT_PANICKED);
        gang_check(me, strcmp(info.message, expected) == 0);
    }
}

Test(unwind, of_many_threads_at_once_keeps_them_apart)
{
    gang_run(8, panic_on_many_threads, NULL);
}

/* A frame without -fexceptions, in unwind_nofx.c. */
void nofx_calls(void (*fn)(void *arg), void *arg);
extern int nofx_cleanups;

static void through_a_frame_without_tables(void *arg)
{
    TRACKED(tag, 1);
    nofx_calls(innermost, arg);
}

Test(unwind, skips_the_cleanups_of_frames_without_exceptions)
{
    int value = 3;
    cr_assert_eq(
        weft_catch_unwind(through_a_frame_without_tables, &value, NULL),
        WEFT_PANICKED);
    cr_assert_eq(nofx_cleanups, 0);
    cr_assert_eq(ran, 2);
    cr_assert_eq(order[0], 3);
    cr_assert_eq(order[1], 1);
}

/* ---- locks in the thread's record ---- */

typedef struct toy {
    int released; /* 0: held; else the turn in which it was abandoned */
    bool doomed;
} toy;

static int turn;

static void abandon_toy(void *lock)
{
    toy *t = lock;
    t->doomed = (wefti_held_remove(t, "toy") & WEFTI_HELD_DOOMED) != 0;
    t->released = ++turn;
}

static const wefti_lock_kind toy_kind = {"toy", abandon_toy};

static toy first;
static toy second;
static bool first_held_in_cleanup;

WEFT_ALWAYS_INLINE void hold(toy *t)
{
    char here;
    *t = (toy){0};
    if (wefti_held_has_room()) {
        wefti_held_push(t, 0, &toy_kind, WEFTI_DEPTH(here));
    }
}

static void look(int *unused)
{
    (void)unused;
    first_held_in_cleanup = first.released == 0 && second.released == 1;
}

static void holds_below(void *arg)
{
    hold(&second);
    weft_panic("%s", (const char *)arg);
}

__attribute__((noinline)) static void looks_between(void *arg)
{
    int unused WEFT_CLEANUP(look) WEFT_UNUSED = 0;
    nofx_calls(holds_below, arg);
}

static void holds_above(void *arg)
{
    hold(&first);
    looks_between(arg);
    __asm__ volatile("" ::: "memory");
}

Test(unwind, abandons_locks_frame_by_frame)
{
    char text[] = "x";
    cr_assert_eq(weft_catch_unwind(holds_above, text, NULL), WEFT_PANICKED);
    cr_assert(first_held_in_cleanup);
    cr_assert_eq(second.released, 1);
    cr_assert_eq(first.released, 2);
    cr_assert(first.doomed && second.doomed);
    cr_assert_eq(wefti_held_count(), 0);
}

static void holds_and_catches(void *arg)
{
    hold(&first);
    (void)!weft_catch_unwind(holds_below, arg, NULL);
    if (first.released == 0 && second.released != 0) {
        (void)wefti_held_remove(&first, "test");
        first.released = -1;
    }
}

Test(unwind, leaves_alone_what_is_held_outside_the_catch_point)
{
    char text[] = "x";
    cr_assert_eq(weft_catch_unwind(holds_and_catches, text, NULL), WEFT_OK);
    cr_assert_eq(first.released, -1);
    cr_assert_eq(wefti_held_count(), 0);
}

/* Unlocks what was held before its catch point, and locks something else. */
static void swaps_locks(void *arg)
{
    if (!wefti_held_pop(&first)) {
        (void)wefti_held_remove(&first, "test");
    }
    holds_below(arg);
}

static void swaps_locks_two_deep(void *arg)
{
    (void)!weft_catch_unwind(swaps_locks, arg, NULL);
}

Test(unwind, abandons_what_took_the_place_of_an_outer_lock)
{
    char text[] = "x";
    hold(&first);
    cr_assert_eq(weft_catch_unwind(swaps_locks, text, NULL), WEFT_PANICKED);
    cr_assert(second.doomed);
    cr_assert_eq(wefti_held_count(), 0);
}

Test(unwind, keeps_the_count_of_each_catch_point)
{
    char text[] = "x";
    static toy zeroth;
    hold(&zeroth);
    hold(&first);
    cr_assert_eq(weft_catch_unwind(swaps_locks_two_deep, text, NULL), WEFT_OK);
    cr_assert(second.doomed);
    cr_assert_eq(wefti_held_count(), 1);
    cr_assert_not(wefti_held_pop(&zeroth));
    (void)wefti_held_remove(&zeroth, "test");
    cr_assert_eq(wefti_held_count(), 0);
}

static void locks_in_cleanup(int *unused)
{
    (void)unused;
    hold(&second);
    abandon_toy(&second);
}

static void panics_and_locks(void *arg)
{
    int unused WEFT_CLEANUP(locks_in_cleanup) WEFT_UNUSED = 0;
    weft_panic("%s", (const char *)arg);
}

Test(unwind, does_not_doom_what_a_cleanup_locks)
{
    char text[] = "x";
    cr_assert_eq(weft_catch_unwind(panics_and_locks, text, NULL),
                 WEFT_PANICKED);
    cr_assert_gt(second.released, 0);
    cr_assert_not(second.doomed);
}
