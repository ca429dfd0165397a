#include <weft/thread/typed.h>

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

typedef struct text {
    char bytes[100];
} text;
WEFT_SEND(text);

typedef struct lane {
    WEFT_ALIGNED(256) uint64_t sum;
} lane;
WEFT_SEND(lane);

WEFT_THREAD_DEFINE(counter, uint64_t, text);
WEFT_THREAD_DEFINE(echo, text, text);
WEFT_THREAD_DEFINE(adder, lane, int);
WEFT_THREAD_DEFINE(ticker, weft_unit, weft_unit);
WEFT_THREAD_DEFINE(boss, uint64_t, counter);

static uint64_t count_bytes(text t)
{
    return strlen(t.bytes);
}

static uint64_t panics(text t)
{
    weft_panic("cannot count '%s'", t.bytes);
}

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

Test(typed, argument_and_result_are_moved_by_value)
{
    text words = {"seven"};
    counter c;
    counter_result end;
    cr_assert_eq(counter_spawn(&c, count_bytes, words), WEFT_OK);
    memset(&words, 'x', sizeof words);
    cr_assert_eq(counter_join(&c, &end), WEFT_OK);
    cr_assert_eq(end.value, 5);
}

Test(typed, panic_brings_its_message_and_no_value)
{
    (void)weft_panic_set_hook(quiet);
    counter c;
    counter_result end = {.value = 77};
    cr_assert_eq(counter_spawn(&c, panics, (text){"pi"}), WEFT_OK);
    cr_assert_eq(counter_join(&c, &end), WEFT_PANICKED);
    cr_assert_str_eq(end.panic.message, "cannot count 'pi'");
    cr_assert_eq(end.value, 77);
}

static text reversed(text t)
{
    text r = {""};
    const size_t n = strlen(t.bytes);
    for (size_t i = 0; i < n; i++) {
        r.bytes[i] = t.bytes[n - 1 - i];
    }
    return r;
}

Test(typed, large_result_comes_back_whole)
{
    echo e;
    echo_result end;
    cr_assert_eq(echo_spawn(&e, reversed, (text){"stressed"}), WEFT_OK);
    cr_assert_eq(echo_join(&e, &end), WEFT_OK);
    cr_assert_str_eq(end.value.bytes, "desserts");
}

static lane add_one(int n)
{
    return (lane){.sum = (uint64_t)n + 1};
}

Test(typed, overaligned_result_is_aligned)
{
    adder a;
    adder_result end;
    cr_assert_eq(adder_spawn(&a, add_one, 1), WEFT_OK);
    cr_assert_eq((uintptr_t)a.thread.state % 256, 0);
    cr_assert_eq(adder_join(&a, &end), WEFT_OK);
    cr_assert_eq(end.value.sum, 2);
}

static weft_unit tick(weft_unit nothing)
{
    return nothing;
}

Test(typed, unit_stands_for_no_argument_and_no_result)
{
    ticker t;
    cr_assert_eq(ticker_spawn(&t, tick, WEFT_UNIT), WEFT_OK);
    cr_assert_eq(ticker_join(&t, NULL), WEFT_OK);
}

Test(typed, detached_ticker_goes_on_alone)
{
    ticker t;
    cr_assert_eq(ticker_spawn(&t, tick, WEFT_UNIT), WEFT_OK);
    weft_thread_ref ref;
    ticker_ref_of(&ref, &t);
    ticker_detach(&t);
    cr_assert_null(t.thread.state);
    weft_thread_unpark(&ref);
    weft_thread_ref_drop(&ref);
}

static uint64_t join_the_counter(counter c)
{
    counter_result end;
    weft_status s = counter_join(&c, &end);
    return s == WEFT_OK ? end.value + 1 : 0;
}

Test(typed, handle_can_be_sent_to_another_thread)
{
    counter c;
    boss b;
    boss_result end;
    cr_assert_eq(counter_spawn(&c, count_bytes, (text){"four"}), WEFT_OK);
    cr_assert_eq(boss_spawn(&b, join_the_counter, c), WEFT_OK);
    cr_assert_eq(boss_join(&b, &end), WEFT_OK);
    cr_assert_eq(end.value, 5);
}

Test(typed, join_try_and_is_finished_agree)
{
    const weft_thread_options options = {.name = "typed"};
    counter c;
    counter_result end = {0};
    cr_assert_eq(counter_spawn_with(&c, &options, count_bytes, (text){"123"}),
                 WEFT_OK);
    cr_assert_str_eq(weft_thread_name(&c.thread), "typed");
    while (!counter_is_finished(&c)) {
        weft_thread_yield();
    }
    cr_assert_eq(counter_join_try(&c, &end), WEFT_OK);
    cr_assert_eq(end.value, 3);
}

Test(typed, failed_spawn_leaves_the_handle_empty)
{
    const weft_thread_options options = {.stack_size = SIZE_MAX};
    counter c;
    cr_assert_eq(counter_spawn_with(&c, &options, count_bytes, (text){"123"}),
                 WEFT_NO_RESOURCES);
    cr_assert_null(c.thread.state);
}
