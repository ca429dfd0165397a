#include "support/model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count(const weft_model_options *o, const weft_model_result *r)
{
    const char *path = getenv("WEFT_MODEL_COUNTS");
    FILE *to = path != NULL ? fopen(path, "a") : NULL;
    if (to == NULL) {
        return;
    }
    static const char *const searches[] = {"exhaustive", "bounded", "random",
                                           "PCT"};
    (void)fprintf(to, "%s\t%s\t%llu\t%llu\t%u\t%.2f\n",
                  o->name != NULL ? o->name : "?", searches[o->search],
                  (unsigned long long)r->executions,
                  (unsigned long long)r->pruned, r->longest, r->seconds);
    (void)fclose(to);
}

void model_must_hold(const char *file, int line, void (*body)(void *),
                     void *arg, const weft_model_options *options)
{
    weft_model_result r = weft_model_explore(body, arg, options);
    count(options, &r);
    cr_assert(!r.failed, "%s:%d: %s", file, line, r.message);
    bool random = options->search == WEFT_MODEL_RANDOM ||
                  options->search == WEFT_MODEL_PCT;
    cr_assert(random || r.complete, "%s:%d: stopped after %llu executions",
              file, line, (unsigned long long)r.executions);
}

void model_must_break(const char *file, int line, void (*body)(void *),
                      const char *text, const weft_model_options *options)
{
    weft_model_options quiet = *options;
    quiet.quiet = true;
    weft_model_result r = weft_model_explore(body, NULL, &quiet);
    cr_assert(r.failed, "%s:%d: nothing failed in %llu executions", file, line,
              (unsigned long long)r.executions);
    cr_assert(strstr(r.message, text) != NULL, "%s:%d: failed otherwise: %s",
              file, line, r.message);
}
