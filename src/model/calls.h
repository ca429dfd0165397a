/* The call stacks of the program's instrumented functions. */
#ifndef WEFT_SRC_MODEL_CALLS_H
#define WEFT_SRC_MODEL_CALLS_H

#include <stdint.h>

/* From where the running thread's function was called; NULL: unknown. */
const void *wefti_calls_caller(void);

void wefti_calls_restart(void);

#endif
