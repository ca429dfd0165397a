/* Explorations: one after another, in a child, of a body that fails. */
#include <weft/model/model.h>

#include "support/model.h"

#include <criterion/criterion.h>
#undef NDEBUG
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned word;

static void fail(void *unused)
{
    (void)unused;
    word = 1;
    weft_model_fail("on %s", "purpose");
}

static void hold(void *unused)
{
    (void)unused;
    weft_model_assert(word == 0);
    word = 2;
}

Test(explore, a_failure_does_not_spoil_the_next)
{
    for (int i = 0; i < 3; i++) {
        weft_model_result r = weft_model_explore(
            fail, NULL, &(weft_model_options){.quiet = true});
        cr_assert(r.failed && !r.complete);
        cr_assert_str_eq(r.message, "on purpose");
        cr_assert_eq(word, 0);
        r = weft_model_explore(hold, NULL, NULL);
        cr_assert(!r.failed && r.complete);
        cr_assert_eq(r.executions, 1);
        cr_assert_eq(word, 0);
    }
}

static void compare(void *arg)
{
    weft_model_assert(arg == &word);
}

Test(explore, the_body_gets_its_argument)
{
    model_holds_with(compare, &word, .name = "compare");
}

static void assert_nothing(void *unused)
{
    assert(unused != NULL);
}

static void give_up(void *unused)
{
    (void)unused;
    abort();
}

Test(explore, an_assert_and_an_abort_are_failures)
{
    model_breaks(assert_nothing,
                 "assertion failed: unused != ", .name = "assert");
    model_breaks(give_up, "T0 calls abort", .name = "abort");
}

static void explore_inside(void *unused)
{
    (void)weft_model_explore(hold, unused, NULL);
}

Test(explore, not_inside_an_exploration)
{
    model_breaks(explore_inside, "an exploration inside an exploration",
                 .name = "inside");
}

/* Threads do not survive a fork, so the child borrows new ones. */
Test(explore, works_in_a_child)
{
    weft_model_result r = weft_model_explore(hold, NULL, NULL);
    cr_assert(r.complete);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        r = weft_model_explore(hold, NULL, NULL);
        _exit(r.complete && !r.failed ? 7 : 1);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void set_word(void *unused)
{
    (void)unused;
    __atomic_store_n(&word, 1, __ATOMIC_RELAXED);
}

static void set_twice(void *unused)
{
    weft_model_thread t = weft_model_spawn(set_word, unused);
    set_word(NULL);
    weft_model_join(t);
}

Test(explore, the_result_says_how_much_was_done)
{
    weft_model_result r = weft_model_explore(set_twice, NULL, NULL);
    cr_assert(r.complete);
    cr_assert_eq(r.executions, 2);
    cr_assert_geq(r.steps, 8);
    cr_assert_geq(r.longest, 4);
    cr_assert_lt(r.longest, 10);
    cr_assert_geq(r.seconds, 0.0);
    cr_assert_str_empty(r.message);
}

Test(explore, the_seed_comes_from_the_environment)
{
    weft_model_options o = {.search = WEFT_MODEL_RANDOM, .executions = 1};
    (void)setenv("WEFT_SEED", "0x1234", 1);
    cr_assert_eq(weft_model_explore(hold, NULL, &o).seed, 0x1234);
    (void)unsetenv("WEFT_SEED");
    cr_assert_neq(weft_model_explore(hold, NULL, &o).seed, 0);
}

/* A signal that arrives while a fiber runs is handled like any other. */
static volatile sig_atomic_t rings;

static void ring(int number)
{
    (void)number;
    rings = rings + 1;
}

static void raise_signal(void *unused)
{
    (void)unused;
    (void)raise(SIGUSR1);
    __atomic_store_n(&word, 1, __ATOMIC_RELAXED);
}

Test(explore, signals_may_arrive)
{
    (void)signal(SIGUSR1, ring);
    model_holds(raise_signal, .name = "signal");
}

/* Outside of an exploration the program is an ordinary one. */
Test(explore, nothing_is_explored_outside)
{
    set_word(NULL);
    cr_assert_eq(word, 1);
    void *memory = malloc(10);
    cr_assert_not_null(memory);
    memory = realloc(memory, 20);
    cr_assert_not_null(memory);
    free(memory);
    weft_model_yield();
    word = 0;
}
