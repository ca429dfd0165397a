/* Which choices to make in the next execution, and when all have been made. */
#ifndef WEFT_SRC_MODEL_SEARCH_H
#define WEFT_SRC_MODEL_SEARCH_H

#include "model/step.h"

#include <weft/model/model.h>

#include <stdbool.h>
#include <stdint.h>

/* Begin a search; `options` has its defaults filled in, and lives on. */
void wefti_search_begin(const weft_model_options *options);

/* Begin its next execution. */
void wefti_search_restart(uint64_t execution);

enum { WEFTI_SEARCH_PRUNED = -1 };

/* The thread to go on, among the bits of `enabled`; `steps` are the announced
 * ones of all `count` threads, `last` the thread that ran last. Or
 * WEFTI_SEARCH_PRUNED: what follows repeats an earlier execution. */
int wefti_search_thread(uint32_t enabled, const wefti_step *const *steps,
                        uint32_t count, uint32_t last);

/* A number below n. */
uint32_t wefti_search_value(uint32_t n);

/* The chosen thread makes its step now. */
void wefti_search_made(uint32_t thread, const wefti_step *step);

/* Thread `to` could not be where it is without what `from` has done. */
void wefti_search_enabled_by(uint32_t to, uint32_t from);

/* The thread will not make this step, which it had announced: another has made
 * it impossible, or the execution has ended. */
void wefti_search_left(uint32_t thread, const wefti_step *step);

/* Prepare the next execution. false: there is none. */
bool wefti_search_next(void);

/* The choices of this execution, for options.replay. */
const char *wefti_search_trail(void);

#endif
