#include "harness/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 34, CELL = 40 };
#define UNSTEADY 1.1 /* times, between the slow tenth and the fast one */

const char *bench_report_text(const cJSON *object, const char *name)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

static double number(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void add_stats(cJSON *to, const bench_stats *s)
{
    (void)cJSON_AddNumberToObject(to, "median", s->median);
    (void)cJSON_AddNumberToObject(to, "mad", s->mad);
    (void)cJSON_AddNumberToObject(to, "p10", s->p10);
    (void)cJSON_AddNumberToObject(to, "p90", s->p90);
    (void)cJSON_AddNumberToObject(to, "min", s->min);
}

void bench_report_summary(cJSON *contender, const double *rounds,
                          const double *peer_rounds, size_t n)
{
    double *scratch = malloc(n * sizeof *scratch);
    if (scratch == NULL) {
        abort();
    }
    memcpy(scratch, rounds, n * sizeof *scratch);
    const bench_stats own = bench_stats_of(scratch, n);
    (void)cJSON_AddItemToObject(contender, "rounds_ns",
                                cJSON_CreateDoubleArray(rounds, (int)n));
    add_stats(contender, &own);
    if (peer_rounds != NULL) {
        const bench_stats ratio =
            bench_paired_ratio(rounds, peer_rounds, scratch, n);
        add_stats(cJSON_AddObjectToObject(contender, "ratio"), &ratio);
        (void)cJSON_AddStringToObject(
            contender, "verdict", bench_verdict_str(bench_verdict_of(&ratio)));
    }
    free(scratch);
}

/* ------------------------------------------------------------ one figure */

static void write_time(char *cell, double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t u = 0;
    while (ns >= 1000 && u + 1 < sizeof units / sizeof units[0]) {
        ns /= 1000;
        u++;
    }
    const int digits = ns < 10 ? 2 : (ns < 100 ? 1 : 0);
    (void)snprintf(cell, CELL, "%.*f %s", digits, ns, units[u]);
}

static void write_figure(char *cell, const cJSON *group, double ns)
{
    if (strcmp(bench_report_text(group, "unit"), "rate") == 0) {
        const double rate = 1000 / ns;
        const int digits = rate < 1 ? 3 : (rate < 100 ? 2 : 0);
        (void)snprintf(cell, CELL, "%.*f M/s", digits, rate);
    } else {
        write_time(cell, ns);
    }
}

/* Half the distance between the tenth and the ninetieth percentile. */
static void write_spread(char *cell, const cJSON *contender)
{
    const double half = (number(contender, "p90") - number(contender, "p10"));
    (void)snprintf(cell, CELL, "±%.0f %%",
                   half / 2 / number(contender, "median") * 100);
}

static void write_ratio(char *cell, const cJSON *contender)
{
    const cJSON *ratio = cJSON_GetObjectItemCaseSensitive(contender, "ratio");
    if (ratio == NULL) {
        (void)snprintf(cell, CELL, "-");
        return;
    }
    const double median = number(ratio, "median");
    const int digits = median < 10 ? 2 : (median < 100 ? 1 : 0);
    (void)snprintf(cell, CELL, "%.*f (%.*f-%.*f)", digits, median, digits,
                   number(ratio, "p10"), digits, number(ratio, "p90"));
}

/* ------------------------------------------------------------- the tables */

/* printf counts bytes; a column counts characters. */
static void column(FILE *out, const char *text, int width, bool right)
{
    int length = 0;
    for (const char *c = text; *c != '\0'; c++) {
        length += ((unsigned char)*c & 0xC0U) != 0x80U;
    }
    const int pad = width > length ? width - length : 0;
    (void)fprintf(out, right ? "%*s%s" : "%*.0s%s", right ? pad : 0, "", text);
    if (!right) {
        (void)fprintf(out, "%*s", pad, "");
    }
}

static void row(FILE *out, const char *const cells[6], bool markdown)
{
    static const int widths[6] = {NAME_WIDTH, 11, 8, 11, 19, 8};
    for (int i = 0; i < 6; i++) {
        (void)fputs(markdown ? "| " : (i == 0 ? "  " : " "), out);
        column(out, cells[i], markdown ? 0 : widths[i], i > 0 && !markdown);
        (void)fputs(markdown ? " " : "", out);
    }
    (void)fputs(markdown ? "|\n" : "\n", out);
}

static void missing_row(FILE *out, const cJSON *contender, bool markdown)
{
    (void)fputs(markdown ? "| " : "  ", out);
    column(out, bench_report_text(contender, "name"), markdown ? 0 : NAME_WIDTH,
           false);
    (void)fprintf(out,
                  markdown ? " | not available: %s | | | | |\n"
                           : " not available: %s\n",
                  bench_report_text(contender, "missing"));
}

static void contender_row(FILE *out, const cJSON *group, const cJSON *contender,
                          bool markdown)
{
    if (cJSON_HasObjectItem(contender, "missing")) {
        missing_row(out, contender, markdown);
        return;
    }
    const bool is_ours =
        strcmp(bench_report_text(contender, "kind"), "weft") == 0;
    char name[2 * CELL];
    char median[CELL];
    char spread[CELL];
    char best[CELL];
    char ratio[CELL];
    (void)snprintf(name, sizeof name,
                   is_ours && markdown ? "**%.60s**" : "%.60s",
                   bench_report_text(contender, "name"));
    write_figure(median, group, number(contender, "median"));
    write_figure(best, group, number(contender, "min"));
    write_spread(spread, contender);
    write_ratio(ratio, contender);
    const char *verdict =
        is_ours ? bench_report_text(contender, "verdict") : "";
    row(out, (const char *[]){name, median, spread, best, ratio, verdict},
        markdown);
}

static void group_heading(FILE *out, const cJSON *group, bool markdown)
{
    const bool pinned =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(group, "pinned"));
    const double threads = number(group, "threads");
    (void)fprintf(out, markdown ? "\n### %s\n\n%s. " : "\n%s\n%s. ",
                  bench_report_text(group, "name"),
                  bench_report_text(group, "workload"));
    (void)fprintf(out,
                  "%.0f thread%s call%s, %s; ratio: time over that of %s.\n%s",
                  threads, threads > 1 ? "s" : "", threads > 1 ? "" : "s",
                  pinned ? "pinned" : "placed by the system",
                  bench_report_text(group, "peer"), markdown ? "\n" : "");
}

/* The machine's own speed is measured once a round: if that was unsteady, so
 * is everything else. */
static void drift_note(FILE *out, const cJSON *group, bool markdown)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(group, "reference_ns");
    const int n = cJSON_GetArraySize(list);
    double *samples = n > 0 ? malloc((size_t)n * sizeof *samples) : NULL;
    if (samples == NULL) {
        return;
    }
    size_t used = 0;
    const cJSON *sample = NULL;
    cJSON_ArrayForEach(sample, list)
    {
        samples[used++] = cJSON_GetNumberValue(sample);
    }
    const bench_stats s = bench_stats_of(samples, used);
    free(samples);
    if (s.p90 > s.p10 * UNSTEADY) {
        (void)fprintf(out,
                      "%sUnsteady: a fixed piece of work took %.0f to %.0f us "
                      "during these rounds.\n",
                      markdown ? "\n" : "  ", s.p10 / 1000, s.p90 / 1000);
    }
}

void bench_report_group(FILE *out, const cJSON *group, bool markdown)
{
    group_heading(out, group, markdown);
    row(out,
        (const char *[]){"contender", "median", "spread", "best", "ratio", ""},
        markdown);
    (void)fputs(markdown ? "|---|--:|--:|--:|--:|---|\n" : "", out);
    const cJSON *contender = NULL;
    cJSON_ArrayForEach(contender,
                       cJSON_GetObjectItemCaseSensitive(group, "contenders"))
    {
        contender_row(out, group, contender, markdown);
    }
    drift_note(out, group, markdown);
}

/* Weft's slower rows of one bench; returns how many. */
static int losses_of(FILE *out, const cJSON *bench, const char *mark)
{
    int count = 0;
    const cJSON *group = NULL;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(bench, "groups"))
    {
        const cJSON *c = NULL;
        cJSON_ArrayForEach(
            c, cJSON_GetObjectItemCaseSensitive(group, "contenders"))
        {
            if (strcmp(bench_report_text(c, "kind"), "weft") != 0 ||
                strcmp(bench_report_text(c, "verdict"), "slower") != 0) {
                continue;
            }
            char ratio[CELL];
            write_ratio(ratio, c);
            (void)fprintf(out, "%s%s: %s, %s: %s times %s\n", mark,
                          bench_report_text(bench, "bench"),
                          bench_report_text(group, "name"),
                          bench_report_text(c, "name"), ratio,
                          bench_report_text(group, "peer"));
            count++;
        }
    }
    return count;
}

void bench_report_losses(FILE *out, const cJSON *document, bool markdown)
{
    int count = 0;
    (void)fputs(markdown ? "\n## Where weft loses\n\n"
                         : "\nWhere weft costs more than the peer:\n",
                out);
    const cJSON *bench = NULL;
    cJSON_ArrayForEach(bench,
                       cJSON_GetObjectItemCaseSensitive(document, "benches"))
    {
        count += losses_of(out, bench, markdown ? "- " : "  ");
    }
    if (count == 0) {
        (void)fputs(markdown ? "Nowhere in this run.\n" : "  nowhere\n", out);
    }
}

void bench_report_machine(FILE *out, const cJSON *document)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(document, "machine");
    const bool is_virtual =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(m, "virtual"));
    (void)fprintf(out,
                  "%s%s, %.0f of %.0f cpus, quota %s, governor %s, %s, "
                  "glibc %s.\n",
                  bench_report_text(m, "cpu"), is_virtual ? " (virtual)" : "",
                  number(m, "cpus_usable"), number(m, "cpus_online"),
                  bench_report_text(m, "cgroup_cpu_max"),
                  bench_report_text(m, "governor"),
                  bench_report_text(m, "kernel"),
                  bench_report_text(m, "libc_version"));
    (void)fprintf(out, "%s, %s; Rust: %s; commit %s.\n",
                  bench_report_text(m, "compiler"),
                  bench_report_text(m, "flags"), bench_report_text(m, "rust"),
                  bench_report_text(m, "commit"));
    (void)fprintf(out, "%.0f rounds, seed %.0f.\n", number(document, "rounds"),
                  number(document, "seed"));
}

bool bench_report_save(const cJSON *document, const char *path)
{
    char *text = cJSON_Print(document);
    FILE *f = text != NULL ? fopen(path, "w") : NULL;
    bool saved = f != NULL && fputs(text, f) >= 0 && fputc('\n', f) != EOF;
    if (f != NULL && fclose(f) != 0) {
        saved = false;
    }
    if (!saved) {
        (void)fprintf(stderr, "bench: cannot write %s: %s\n", path,
                      strerror(errno));
    }
    free(text);
    return saved;
}
