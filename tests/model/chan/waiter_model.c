/* How the threads of one side sleep, explored without a channel around it: a
 * word of permits, that may be closed. */
#include "chan/waiter.h"
#include "base/asym.h"
#include "chan/flavour.h"

#include "support/model.h"

#include <criterion/criterion.h>

enum { CLOSED = 1, PERMIT = 2, SLEEPERS = 2 };

typedef struct counter {
    struct weft_chan head;
    wefti_waiters waiters;
    weft_atomic_u32 permits; /* times PERMIT, plus CLOSED */
} counter;

static counter c;
static uint32_t given;
static bool handed; /* comes with what is given, and with closing */
static weft_status results[SLEEPERS];

/* In some execution: never put back. */
typedef enum event { TAKEN, LATE, ENDED, EVENTS } event;
static uint32_t tally[EVENTS];

__attribute__((noinline, no_sanitize("thread"))) static void
came_to_pass(event e)
{
    tally[e]++;
}

static bool ready(const void *arg)
{
    const counter *one = arg;
    return wefti_load_seq_cst(&one->permits) != 0;
}

static weft_status take(struct weft_chan *head, wefti_buffer msg)
{
    (void)msg;
    counter *one = (counter *)(void *)head;
    uint32_t seen = wefti_load_acquire(&one->permits);
    while (seen >= PERMIT) {
        uint32_t less = seen - PERMIT;
        if (wefti_cas_acquire_or_acquire(&one->permits, &seen, less)) {
            weft_model_assert(handed);
            return WEFT_OK;
        }
    }
    weft_model_assert(seen == 0 || handed);
    return seen == CLOSED ? WEFT_CLOSED : WEFT_EMPTY;
}

static const wefti_want a_permit = {take, ready, WEFT_EMPTY};

static weft_status wait_until(weft_deadline d)
{
    wefti_buffer none = {NULL};
    weft_status s = wefti_waiters_wait(&c.waiters, &a_permit, &c.head, none, d);
    came_to_pass(s == WEFT_OK ? TAKEN : s == WEFT_CLOSED ? ENDED : LATE);
    return s;
}

/* ------------------------------------------------------------------ roles */

static void waits(uint32_t me)
{
    results[me] = wait_until(WEFT_FOREVER);
    weft_model_assert(results[me] != WEFT_TIMEOUT);
}

static void waits_in_time(uint32_t me)
{
    results[me] = wait_until(weft_deadline_after_ms(1));
}

static void hand_over(void)
{
    if (!handed) {
        handed = true;
    }
}

/* As wefti_store_light, for a word that others change as well. */
static void publish(uint32_t n)
{
    hand_over();
    given += n;
    if (wefti_asym) {
        (void)wefti_add_release(&c.permits, n * PERMIT);
        wefti_fence_light();
    } else {
        (void)wefti_add_seq_cst(&c.permits, n * PERMIT);
    }
}

static void gives_one(void)
{
    publish(1);
    wefti_waiters_notify(&c.waiters);
}

static void gives_two(void)
{
    gives_one();
    gives_one();
}

/* One wake-up for two. */
static void gives_two_at_once(void)
{
    publish(2);
    wefti_waiters_notify(&c.waiters);
}

static void closes(void)
{
    hand_over();
    (void)wefti_or_seq_cst(&c.permits, CLOSED);
    wefti_waiters_wake_all(&c.waiters);
}

static void gives_one_and_closes(void)
{
    gives_one();
    closes();
}

/* ------------------------------------------------------------------ scenes */

typedef struct scene {
    bool fences;
    void (*sleepers[SLEEPERS])(uint32_t me);
    void (*waker)(void); /* the body's own thread */
} scene;

static scene now;

static void play_sleeper(void *number)
{
    uint32_t me = (uint32_t)(uintptr_t)number;
    now.sleepers[me](me);
}

static void play(void *arg)
{
    now = *(const scene *)arg;
    wefti_asym_init();
    wefti_asym = now.fences;
    wefti_waiters_init(&c.waiters);
    weft_model_name(&c.waiters.word, sizeof c.waiters.word, "word");
    weft_model_name(&c.waiters.sleepers, sizeof c.waiters.sleepers, "sleepers");
    weft_model_name(&c.permits, sizeof c.permits, "permits");
    weft_model_thread threads[SLEEPERS];
    for (uintptr_t i = 0; i < SLEEPERS; i++) {
        if (now.sleepers[i] != NULL) {
            threads[i] = weft_model_spawn(play_sleeper, (void *)i);
        }
    }
    now.waker();
    uint32_t taken = 0;
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        if (now.sleepers[i] != NULL) {
            weft_model_join(threads[i]);
            taken += results[i] == WEFT_OK;
        }
    }
    uint32_t left = wefti_load_relaxed(&c.permits) / PERMIT; /* all joined */
    weft_model_assert(taken + left == given);
    /* relaxed: all have been joined. */
    weft_model_assert(wefti_load_relaxed(&c.waiters.sleepers) == 0);
}

#define SCENE(...) (&(scene){__VA_ARGS__})
#define BOUNDED(n) .search = WEFT_MODEL_BOUNDED, .preemptions = (n)
#define holds(plot, ...) model_holds_with(play, plot, __VA_ARGS__)

/* Row 14 (tokio#459, #525, #1788, #2134): a step that comes while the other
 * falls asleep; row 20 (liburcu, 2022): the futex returns for no reason. */
Test(waiter, is_woken_by_a_step)
{
    holds(SCENE(.sleepers = {waits}, .waker = gives_one),
          .name = "waiter: one permit", .spurious = 2);
    holds(SCENE(.fences = true, .sleepers = {waits}, .waker = gives_one),
          .name = "waiter: fences, one permit", .spurious = 1);
}

Test(waiter, two_are_woken_by_two_steps)
{
    holds(SCENE(.sleepers = {waits, waits}, .waker = gives_two),
          .name = "waiter: two permits", BOUNDED(3));
}

/* One wake-up for two permits: who gets it hands it on. */
Test(waiter, hands_a_wake_up_on)
{
    holds(SCENE(.sleepers = {waits, waits}, .waker = gives_two_at_once),
          .name = "waiter: two permits at once");
}

/* Row 16 (tensorflow#932): the one who leaves swallows no wake-up. */
Test(waiter, wakes_the_other_when_one_gives_up)
{
    holds(SCENE(.sleepers = {waits_in_time, waits}, .waker = gives_two),
          .name = "waiter: two permits, one gives up", BOUNDED(3));
    holds(SCENE(.sleepers = {waits_in_time, waits}, .waker = gives_two_at_once),
          .name = "waiter: two permits at once, one gives up", BOUNDED(3));
    cr_assert_gt(tally[LATE], 0);
}

Test(waiter, is_woken_by_closing)
{
    holds(SCENE(.sleepers = {waits}, .waker = closes),
          .name = "waiter: closing", .spurious = 1);
    holds(SCENE(.sleepers = {waits, waits}, .waker = closes),
          .name = "waiter: closing, two sleep");
    holds(SCENE(.sleepers = {waits_in_time, waits}, .waker = closes),
          .name = "waiter: closing, one gives up");
    holds(SCENE(.sleepers = {waits, waits}, .waker = gives_one_and_closes),
          .name = "waiter: one permit and closing", BOUNDED(3));
    cr_assert_gt(tally[ENDED], 0);
    cr_assert_gt(tally[LATE], 0);
}

Test(waiter, is_woken_by_closing_by_fences)
{
    holds(SCENE(.fences = true, .sleepers = {waits}, .waker = closes),
          .name = "waiter: fences, closing", .spurious = 1);
}

Test(waiter, hands_on_by_fences)
{
    holds(SCENE(.fences = true, .sleepers = {waits, waits},
                .waker = gives_two_at_once),
          .name = "waiter: fences, two permits at once", BOUNDED(3));
}
