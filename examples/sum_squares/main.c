/* sum_squares: the same sum in six ways, each timed and all compared.
 *
 * options.c reads the command line and input.c the values; each way is a
 * method_*.c; check.c says whether the sums agree, and table.c draws. */
#include <errno.h>
#include <error.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "check.h"
#include "find.h"
#include "input.h"
#include "machine.h"
#include "methods.h"
#include "options.h"
#include "table.h"

static const struct {
    const char *name;
    method_fn *run;
} methods[] = {
    {"serial loop", sum_serial}, {"pthreads", sum_pthreads},
    {"mutex", sum_mutex},        {"channel", sum_channel},
    {"arc + atomic", sum_arc},   {"WEFT_PAR_SUM", sum_par},
};
enum { METHODS = sizeof methods / sizeof *methods };

/* Sum once by method m, and say how long it took. */
static double time_once(size_t m, const values *v, unsigned threads,
                        total *result)
{
    uint64_t start = weft_now_ns();
    weft_status status = methods[m].run(v, threads, result);
    uint64_t end = weft_now_ns();
    if (status != WEFT_OK) {
        error(EXIT_FAILED, 0, "%s: %s", methods[m].name,
              weft_status_str(status));
    }
    return (double)(end - start + 1) / 1e9; /* never nothing */
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, unsigned n)
{
    qsort(times, n, sizeof *times, compare_doubles);
    return (times[(n - 1) / 2] + times[n / 2]) / 2;
}

/* Time the methods in turns, so that what disturbs the machine disturbs all of
 * them; the round before the first warms up. A sum counts only if it agrees in
 * every round. */
static bool time_all(const values *v, const run_options *o, row rows[METHODS],
                     expectation *e)
{
    double *times = input_alloc((size_t)METHODS * o->rounds, sizeof *times);
    bool all_agree = true;
    for (unsigned round = 0; round <= o->rounds; round++) {
        for (size_t m = 0; m < METHODS; m++) {
            total sum = {0};
            double seconds = time_once(m, v, o->threads, &sum);
            if (round == 0 && m == 0) {
                *e = check_expect(v, sum);
            }
            if (round > 0) {
                times[m * o->rounds + round - 1] = seconds;
            }
            rows[m].agrees &= check_agrees(e, sum);
            all_agree &= rows[m].agrees;
        }
    }
    for (size_t m = 0; m < METHODS; m++) {
        rows[m].seconds = median(times + m * o->rounds, o->rounds);
    }
    free(times);
    return all_agree;
}

/* A count of values or bytes, in groups of three digits. */
static const char *grouped(size_t count, char text[TOTAL_DIGITS])
{
    total t = {.low = count};
    return total_format(t, text);
}

/* Sum, print the table, and say whether all sums agreed. */
static bool compare(const values *v, const run_options *o, const char *source)
{
    char count[TOTAL_DIGITS];
    char bytes[TOTAL_DIGITS];
    printf("\n%s: %s values of %s, %s bytes; threads: %u, rounds: %u\n\n",
           source, grouped(v->count, count), value_types[v->type].name,
           grouped(v->bytes, bytes), o->threads, o->rounds);
    fflush(stdout);
    row rows[METHODS];
    for (size_t m = 0; m < METHODS; m++) {
        rows[m] = (row){.name = methods[m].name, .agrees = true};
    }
    expectation e;
    bool agree = time_all(v, o, rows, &e);
    table_print(rows, METHODS, v->bytes);
    check_print(&e);
    puts(agree ? "all sums agree" : "THE SUMS DISAGREE");
    return agree;
}

static void print_header(void)
{
    printf("weft %s: the sum of squares, in six ways\n", weft_version());
    machine_print();
}

static values take_values(const run_options *o)
{
    return o->input != NULL ? input_load(o->input, o->type)
                            : input_generate(o->type, o->count, o->seed);
}

static bool compare_once(const run_options *o)
{
    values v = take_values(o);
    print_header();
    bool agree = compare(&v, o, input_name(o->input));
    input_free(&v);
    return agree;
}

/* The file that --input names, or else the largest one that is easily found;
 * the caller frees it. */
static char *demo_file(const run_options *o)
{
    enum { ENOUGH = 50 * 1000 * 1000 };
    if (o->input != NULL) {
        return strdup(o->input);
    }
    found file = find_large_file(ENOUGH);
    if (file.path == NULL) {
        error(EXIT_FAILED, 0, "found no file under /usr that can be read");
    }
    if (file.size < ENOUGH) {
        printf("\nno file under /usr has 50 MB; the largest has to do\n");
    }
    return file.path;
}

/* Generated values, and then real ones: every byte of a large file. */
static bool compare_demo(const run_options *o)
{
    print_header();
    values v = input_generate(o->type, o->count, o->seed);
    bool agree = compare(&v, o, input_name(NULL));
    input_free(&v);
    char *path = demo_file(o);
    v = input_load(path, TYPE_I8);
    agree &= compare(&v, o, input_name(path));
    input_free(&v);
    free(path);
    return agree;
}

/* What the program does, inside a pool of the right size. */
typedef struct job {
    const run_options *o;
    bool agree;
} job;

static void work(void *arg)
{
    job *j = arg;
    j->agree = j->o->demo ? compare_demo(j->o) : compare_once(j->o);
}

static bool work_in_pool(const run_options *o)
{
    job j = {.o = o};
    weft_pool *pool = NULL;
    weft_pool_config config = {.workers = o->threads};
    weft_status status = weft_pool_create(&pool, &config);
    if (status == WEFT_OK) {
        status = weft_pool_install(pool, work, &j);
    }
    weft_pool_free(pool);
    if (status != WEFT_OK) {
        error(EXIT_FAILED, 0, "%s", weft_status_str(status));
    }
    return j.agree;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* may the table be drawn with blocks? */
    program_invocation_name = program_invocation_short_name;
    argv[0] = program_invocation_name; /* for messages without a path */
    run_options o = options_parse(argc, argv);
    if (o.threads == 0) {
        o.threads = weft_cpu_parallelism();
    }
    bool agree = work_in_pool(&o);
    if (fflush(stdout) != 0) {
        error(EXIT_FAILED, errno, "standard output");
    }
    return agree ? EXIT_AGREE : EXIT_FAILED;
}
