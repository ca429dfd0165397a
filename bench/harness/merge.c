/* bench_merge OUT.json TABLE.md IN.json...: one document, and its tables. */
#include "harness/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_whole(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t length = 0;
    if (f == NULL || getdelim(&text, &length, '\0', f) < 0) {
        (void)fprintf(stderr, "bench_merge: cannot read %s: %s\n", path,
                      strerror(errno));
        exit(1);
    }
    (void)fclose(f);
    return text;
}

static cJSON *load(const char *path)
{
    char *text = read_whole(path);
    cJSON *document = cJSON_Parse(text);
    free(text);
    if (document == NULL) {
        (void)fprintf(stderr, "bench_merge: %s is not JSON\n", path);
        exit(1);
    }
    return document;
}

static cJSON *benches_of(cJSON *document)
{
    return cJSON_GetObjectItemCaseSensitive(document, "benches");
}

/* Benches without a chosen group are not worth a heading. */
static void take_benches(cJSON *all, cJSON *from)
{
    cJSON *bench = NULL;
    while ((bench = cJSON_DetachItemFromArray(benches_of(from), 0)) != NULL) {
        const cJSON *groups = cJSON_GetObjectItemCaseSensitive(bench, "groups");
        if (cJSON_GetArraySize(groups) > 0) {
            (void)cJSON_AddItemToArray(benches_of(all), bench);
        } else {
            cJSON_Delete(bench);
        }
    }
}

static void write_bench(FILE *out, const cJSON *bench)
{
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(bench, "before");
    (void)fprintf(out, "\n## %s\n\nAt %s, load average %s.\n",
                  bench_report_text(bench, "bench"),
                  bench_report_text(before, "date"),
                  bench_report_text(before, "load_average"));
    const cJSON *group = NULL;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(bench, "groups"))
    {
        bench_report_group(out, group, true);
    }
}

static bool write_tables(const cJSON *document, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        (void)fprintf(stderr, "bench_merge: cannot write %s: %s\n", path,
                      strerror(errno));
        return false;
    }
    (void)fputs("# Bench\n\nMade by `./run bench`; how to read it is told in "
                "`bench/README.md`.\n\n",
                out);
    bench_report_machine(out, document);
    bench_report_losses(out, document, true);
    const cJSON *bench = NULL;
    cJSON_ArrayForEach(bench,
                       cJSON_GetObjectItemCaseSensitive(document, "benches"))
    {
        write_bench(out, bench);
    }
    return fclose(out) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        (void)fprintf(stderr, "usage: %s OUT.json TABLE.md IN.json...\n",
                      argv[0]);
        return 2;
    }
    cJSON *all = load(argv[3]);
    cJSON *first = cJSON_DetachItemFromObject(all, "benches");
    (void)cJSON_AddArrayToObject(all, "benches");
    cJSON *head = cJSON_CreateObject();
    (void)cJSON_AddItemToObject(head, "benches", first);
    take_benches(all, head);
    cJSON_Delete(head);
    for (int i = 4; i < argc; i++) {
        cJSON *next = load(argv[i]);
        take_benches(all, next);
        cJSON_Delete(next);
    }
    const bool saved =
        bench_report_save(all, argv[1]) && write_tables(all, argv[2]);
    bench_report_losses(stdout, all, false);
    cJSON_Delete(all);
    return saved ? 0 : 1;
}
