/* How many threads can really run at once. */
#ifndef WEFT_THREAD_CPU_H
#define WEFT_THREAD_CPU_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* How many threads of this process can make progress at the same time: the
 * least of the CPUs that the calling thread may run on (its affinity mask) and
 * of the quotas of the process's cgroup and all above it (cpu.max of version
 * 2, cpu.cfs_quota_us of version 1; rounded up to whole CPUs). At least 1.
 * Asks the system anew each time, some 50 us: keep the answer. Allocates
 * nothing; any thread. */
WEFT_API WEFT_NODISCARD uint32_t weft_cpu_parallelism(void);

/* How many CPUs of the machine are switched on, whoever may use them. At least
 * 1. */
WEFT_API WEFT_NODISCARD uint32_t weft_cpu_count_online(void);

WEFT_END_DECLS

#endif
