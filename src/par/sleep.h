/* Who sleeps, and who wakes them: the protocol stands in README.md. */
#ifndef WEFT_SRC_PAR_SLEEP_H
#define WEFT_SRC_PAR_SLEEP_H

#include "par/worker.h"

/* Sleep until some member's push, or the end of the pool, wakes this one; or
 * return at once if there is something to steal. May return for no reason. */
void wefti_sleep_idle(wefti_member *m);

/* Sleep until `job` is finished or its thief forks something; or return at
 * once. May return for no reason. */
void wefti_sleep_on(wefti_member *m, wefti_job *job);

#endif
