/* What model tests say: this holds in every execution, or this breaks.
 *
 *     Test(mutex, excludes)
 *     {
 *         model_holds(two_increment, .name = "two increment");
 *     }
 *
 * With WEFT_MODEL_COUNTS=FILE in the environment, a line for each exploration
 * is added to the file: its name and counts, for docs/testing.md. */
#ifndef WEFT_TESTS_SUPPORT_MODEL_H
#define WEFT_TESTS_SUPPORT_MODEL_H

#include <weft/model/model.h>

#ifdef __clang__
/* weft_model_assert hides the status that it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

/* All executions within the search's bounds end well; further arguments are
 * weft_model_options. A random search that found nothing is enough. */
#define model_holds(body, ...)                        \
    model_must_hold(__FILE__, __LINE__, (body), NULL, \
                    &(weft_model_options){__VA_ARGS__})
#define model_holds_with(body, arg, ...)               \
    model_must_hold(__FILE__, __LINE__, (body), (arg), \
                    &(weft_model_options){__VA_ARGS__})

/* Some execution fails, with `text` in its message. */
#define model_breaks(body, text, ...)                    \
    model_must_break(__FILE__, __LINE__, (body), (text), \
                     &(weft_model_options){__VA_ARGS__})

void model_must_hold(const char *file, int line, void (*body)(void *),
                     void *arg, const weft_model_options *options);
void model_must_break(const char *file, int line, void (*body)(void *),
                      const char *text, const weft_model_options *options);

#endif
