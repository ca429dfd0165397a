/* The four searches, and replays. That the exhaustive one leaves nothing out
 * is tested in tests/model/model. */
#include "model/search.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static unsigned word;
static unsigned other;

static unsigned get(unsigned *at)
{
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void set(unsigned *at, unsigned to)
{
    __atomic_store_n(at, to, __ATOMIC_SEQ_CST);
}

/* ------------------------------------------------------------------ choices */

static unsigned seen;

__attribute__((no_sanitize("thread"))) static void see(unsigned what)
{
    seen |= 1u << what;
}

static void choose_twice(void *unused)
{
    (void)unused;
    unsigned first = weft_model_choose(3);
    unsigned second = weft_model_choose(first + 1);
    see(first * 3 + second);
    weft_model_assert(weft_model_choose(1) == 0);
}

Test(search, tries_every_choice)
{
    weft_model_result r = weft_model_explore(choose_twice, NULL, NULL);
    cr_assert(r.complete && !r.failed);
    cr_assert_eq(r.executions, 6);
    cr_assert_eq(seen,
                 1u << 0 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 7 | 1u << 8);
}

static void choose_wrong(void *unused)
{
    (void)unused;
    (void)weft_model_choose(27);
}

Test(search, limits_choices)
{
    model_breaks(choose_wrong, "weft_model_choose(27): 1 to 26",
                 .name = "choose");
}

/* ---------------------------------------------------------------- reduction */

static void set_word(void *unused)
{
    (void)unused;
    set(&word, 1);
    set(&word, 2);
}

static void set_other(void *unused)
{
    (void)unused;
    set(&other, 1);
    set(&other, 2);
}

static void independent(void *unused)
{
    weft_model_thread t = weft_model_spawn(set_word, unused);
    set_other(NULL);
    weft_model_join(t);
}

static void dependent(void *unused)
{
    weft_model_thread t = weft_model_spawn(set_word, unused);
    set_word(NULL);
    weft_model_join(t);
}

Test(search, runs_steps_that_do_not_conflict_in_one_order)
{
    weft_model_result r = weft_model_explore(independent, NULL, NULL);
    cr_assert(r.complete && !r.failed);
    cr_assert_eq(r.executions, 1);
    r = weft_model_explore(dependent, NULL, NULL);
    cr_assert(r.complete && !r.failed);
    cr_assert_eq(r.executions, 6);
}

/* ------------------------------------------------------------------- bounds */

/* Fails if the thread is stopped twice at the right places. */
static void depth_two(void *unused)
{
    (void)unused;
    unsigned a = get(&word);
    unsigned b = get(&word);
    weft_model_assert(!(a == 1 && b == 3));
}

static void count_up(void *unused)
{
    (void)unused;
    for (unsigned i = 1; i < 6; i++) {
        set(&word, i);
    }
}

static void race_of_depth_two(void *unused)
{
    weft_model_thread t = weft_model_spawn(depth_two, unused);
    count_up(NULL);
    weft_model_join(t);
}

static weft_model_result bounded(uint32_t preemptions)
{
    return weft_model_explore(
        race_of_depth_two, NULL,
        &(weft_model_options){.search = WEFT_MODEL_BOUNDED,
                              .preemptions = preemptions,
                              .sequential = true,
                              .quiet = true});
}

Test(search, counts_preemptions)
{
    weft_model_result none = bounded(0);
    cr_assert(none.complete && !none.failed);
    weft_model_result one = bounded(1);
    cr_assert(one.complete && !one.failed);
    cr_assert_gt(one.executions, none.executions);
    cr_assert(bounded(2).failed || bounded(3).failed);
}

static weft_model_result randomly(weft_model_search search, uint64_t seed)
{
    return weft_model_explore(
        race_of_depth_two, NULL,
        &(weft_model_options){.search = search, .seed = seed, .quiet = true});
}

Test(search, finds_at_random_what_the_seed_says)
{
    for (weft_model_search s = WEFT_MODEL_RANDOM; s <= WEFT_MODEL_PCT; s++) {
        weft_model_result first = randomly(s, 1);
        cr_assert(first.failed);
        cr_assert_eq(first.seed, 1);
        weft_model_result again = randomly(s, 1);
        cr_assert_eq(again.executions, first.executions);
        cr_assert_str_eq(again.replay, first.replay);
    }
}

static void hold(void *unused)
{
    (void)unused;
    set(&word, 1);
}

static void hold_beside(void *unused)
{
    weft_model_thread t = weft_model_spawn(hold, unused);
    set(&other, 1);
    weft_model_join(t);
}

Test(search, stops_after_so_many_executions)
{
    static const weft_model_search searches[] = {WEFT_MODEL_RANDOM,
                                                 WEFT_MODEL_PCT};
    for (int i = 0; i < 2; i++) {
        weft_model_result r = weft_model_explore(
            hold_beside, NULL,
            &(weft_model_options){.search = searches[i], .executions = 17});
        cr_assert(!r.failed && !r.complete);
        cr_assert_eq(r.executions, 17);
        cr_assert_neq(r.seed, 0);
    }
    weft_model_result r = weft_model_explore(
        dependent, NULL, &(weft_model_options){.executions = 3});
    cr_assert(!r.failed && !r.complete);
    cr_assert_eq(r.executions, 3);
}

/* PCT without a change point runs threads one after the other; what needs one
 * is found with one. */
static weft_model_result pct(uint32_t changes)
{
    return weft_model_explore(race_of_depth_two, NULL,
                              &(weft_model_options){.search = WEFT_MODEL_PCT,
                                                    .preemptions = changes,
                                                    .sequential = true,
                                                    .executions = 3000,
                                                    .seed = 5,
                                                    .quiet = true});
}

Test(search, changes_priorities_as_often_as_asked)
{
    cr_assert(!pct(1).failed);
    cr_assert(pct(4).failed);
}

/* ------------------------------------------------------------------ replays */

static void check_stale(void *unused)
{
    (void)unused;
    unsigned a = __atomic_load_n(&other, __ATOMIC_RELAXED);
    unsigned b = __atomic_load_n(&word, __ATOMIC_RELAXED);
    weft_model_assert(!(a == 1 && b == 0));
}

static void publish(void *unused)
{
    (void)unused;
    __atomic_store_n(&word, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&other, 1, __ATOMIC_RELAXED);
}

static void stale_read(void *unused)
{
    weft_model_thread t = weft_model_spawn(check_stale, unused);
    publish(NULL);
    weft_model_join(t);
}

static void replays(weft_model_options o)
{
    o.quiet = true;
    o.name = "stale read";
    weft_model_result first = weft_model_explore(stale_read, NULL, &o);
    cr_assert(first.failed);
    weft_model_options again = {
        .name = o.name, .replay = first.replay, .quiet = true};
    weft_model_result r = weft_model_explore(stale_read, NULL, &again);
    cr_assert(r.failed);
    cr_assert_eq(r.executions, 1);
    cr_assert_str_eq(r.message, first.message);
    cr_assert_str_eq(r.replay, first.replay);

    char setting[sizeof r.replay + 32] = "stale read:";
    (void)setenv("WEFT_MODEL_REPLAY", strcat(setting, first.replay), 1);
    r = weft_model_explore(
        stale_read, NULL,
        &(weft_model_options){.name = "stale read", .quiet = true});
    cr_assert(r.failed);
    cr_assert_eq(r.executions, 1);
    /* Another exploration is not replayed. */
    r = weft_model_explore(hold_beside, NULL,
                           &(weft_model_options){.name = "hold"});
    cr_assert(r.complete);
    (void)unsetenv("WEFT_MODEL_REPLAY");
}

Test(search, replays_a_failure)
{
    replays((weft_model_options){.search = WEFT_MODEL_EXHAUSTIVE});
    replays(
        (weft_model_options){.search = WEFT_MODEL_BOUNDED, .preemptions = 2});
    replays((weft_model_options){.search = WEFT_MODEL_RANDOM, .seed = 3});
    replays((weft_model_options){.search = WEFT_MODEL_PCT, .seed = 3});
}

static unsigned calls;

__attribute__((no_sanitize("thread"))) static unsigned next_call(void)
{
    return calls++;
}

/* A different program in each execution. */
static void not_deterministic(void *unused)
{
    (void)unused;
    if (next_call() % 2 == 1) {
        (void)weft_model_choose(2);
    }
    (void)weft_model_choose(3);
}

Test(search, reports_a_body_that_is_not_deterministic)
{
    model_breaks(not_deterministic, "not deterministic", .name = "chance");
}
