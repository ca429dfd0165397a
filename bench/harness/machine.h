/* Where and when a measurement was made: a figure without it means nothing. */
#ifndef BENCH_HARNESS_MACHINE_H
#define BENCH_HARNESS_MACHINE_H

#include <cjson/cJSON.h>

/* What does not change during a run: processor, kernel, compiler, commit. The
 * caller frees it. */
cJSON *bench_machine_facts(const char *commit);

/* What does: load average, and clock ticks stolen by the hypervisor. */
cJSON *bench_machine_conditions(void);

#endif
