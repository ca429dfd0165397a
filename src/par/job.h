/* A job's life on the thief's side. */
#ifndef WEFT_SRC_PAR_JOB_H
#define WEFT_SRC_PAR_JOB_H

#include "par/worker.h"

/* Take the oldest job of `victim`. NULL: nothing there. */
WEFT_NODISCARD wefti_job *wefti_job_steal(wefti_member *victim);

/* Run a job that `m`, the calling thread, has stolen; stops its panic. The job
 * may be gone when this returns. */
void wefti_job_run_stolen(wefti_member *m, wefti_job *job);

#endif
