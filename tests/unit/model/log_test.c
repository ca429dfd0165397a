/* The report of a failure, as a user sees it. */
#include "model/log.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned ready;
static unsigned word;
static int data;

/* What the exploration prints to stderr. */
static char report[1 << 16];

static void explore(void (*body)(void *), const weft_model_options *options)
{
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    (void)fflush(stderr);
    int before = dup(STDERR_FILENO);
    (void)dup2(fileno(file), STDERR_FILENO);
    weft_model_result r = weft_model_explore(body, NULL, options);
    (void)fflush(stderr);
    (void)dup2(before, STDERR_FILENO);
    (void)close(before);
    rewind(file);
    size_t length = fread(report, 1, sizeof report - 1, file);
    report[length] = '\0';
    (void)fclose(file);
    cr_assert(r.failed);
}

static void has_line(const char *pattern)
{
    regex_t line;
    cr_assert_eq(regcomp(&line, pattern, REG_EXTENDED | REG_NEWLINE), 0);
    cr_assert_eq(regexec(&line, report, 0, NULL, 0), 0, "no line is %s in %s",
                 pattern, report);
    regfree(&line);
}

static void publish(void *unused)
{
    (void)unused;
    __atomic_store_n(&word, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&ready, 1, __ATOMIC_RELAXED);
}

static void stale(void *unused)
{
    weft_model_name(&word, sizeof word, "the word");
    weft_model_thread t = weft_model_spawn(publish, unused);
    if (__atomic_fetch_add(&ready, 16, __ATOMIC_SEQ_CST) == 1) {
        weft_model_assert(__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 1);
    }
    weft_model_join(t);
}

Test(log, shows_the_steps_in_columns)
{
    explore(stale, &(weft_model_options){.name = "stale"});
    has_line("^stale: .*log_test.c:[0-9]+: not true: __atomic_load_n");
    has_line("^execution [0-9]+ of a search that is exhaustive$");
    has_line("^step  T0 {28}T1 {28}  where$");
    has_line("^   1  spawn T1  .* log_test.c:[0-9]+ stale$");
    has_line("^ +[0-9]+  {31}store the word =1 relaxed +log_test.c:[0-9]+ "
             "publish");
    has_line("^ +[0-9]+  add ready 1>11 seq_cst {8,} log_test.c:[0-9]+ stale$");
    has_line("^ +[0-9]+  load the word =0 \\(stale\\) acquire +log_test.c");
    has_line("^To see it again: WEFT_MODEL_REPLAY='stale:[0-7a-z]+'$");
}

static void write_data(void *unused)
{
    (void)unused;
    data++;
}

static void race(void *unused)
{
    weft_model_thread t = weft_model_spawn(write_data, unused);
    write_data(unused);
    weft_model_join(t);
}

Test(log, shows_both_places_of_a_race)
{
    explore(race, &(weft_model_options){.name = "race"});
    has_line("^race: data race: T[01] (reads|writes) data, not ordered after");
    const char *first = strstr(report, "    at log_test.c:");
    cr_assert_not_null(first);
    has_line("^    at log_test.c:[0-9]+ write_data$");
}

static void leak(void *unused)
{
    (void)unused;
    void *volatile lost = malloc(3);
    (void)lost;
}

Test(log, shows_where_a_leak_was_allocated)
{
    explore(leak, &(weft_model_options){.name = "leak"});
    has_line("^leak: 3 bytes are allocated and never freed$");
    has_line("^    at log_test.c:[0-9]+ leak$");
}

Test(log, prints_the_seed)
{
    explore(race, &(weft_model_options){
                      .name = "race", .search = WEFT_MODEL_RANDOM, .seed = 99});
    has_line("^execution [0-9]+ of a search that is random, WEFT_SEED=99$");
}

static void endless(void *unused)
{
    (void)unused;
    for (;;) {
        (void)__atomic_add_fetch(&word, 1, __ATOMIC_RELAXED);
    }
}

Test(log, leaves_out_the_middle_of_a_long_execution)
{
    explore(endless, &(weft_model_options){.name = "endless"});
    has_line("^   1  add ");
    has_line("^ \\.\\.\\.$");
    has_line("^1000  add ");
    cr_assert_null(strstr(report, "\n 500  "));
}

Test(log, is_silent_when_asked)
{
    explore(race, &(weft_model_options){.quiet = true});
    cr_assert_str_empty(report);
}

static void many_names(void *unused)
{
    (void)unused;
    for (int i = 0; i < 65; i++) {
        weft_model_name(&word, sizeof word, "w");
    }
}

Test(log, limits_names)
{
    model_breaks(many_names, "more than 64 names", .name = "names");
}
