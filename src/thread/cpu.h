/* The pure part of weft_cpu_parallelism: what the kernel's files mean. */
#ifndef WEFT_SRC_THREAD_CPU_H
#define WEFT_SRC_THREAD_CPU_H

#include <weft/thread/cpu.h>

/* No limit. */
#define WEFTI_CPU_UNLIMITED UINT32_MAX

/* CPUs in a quota of `quota_us` a period, rounded up. Quota or period not
 * positive: unlimited. */
uint32_t wefti_cpu_from_quota(int64_t quota_us, int64_t period_us);

/* The limit that the text of a cpu.max file states; nonsense is no limit. */
uint32_t wefti_cpu_from_max(const char *text);

/* If a line of /proc/self/cgroup names the group that limits CPU time, its
 * path, and the hierarchy's version (1 or 2) in *version; else NULL. */
const char *wefti_cpu_group_of_line(const char *line, int *version);

/* If a line of /proc/self/mountinfo mounts the hierarchy of that version, cut
 * the line up: *root is the group at the mount, *point where it is mounted,
 * both decoded. Writes to line. */
bool wefti_cpu_mount_of_line(char *line, int version, const char **root,
                             const char **point);

/* The least quota from the group of the process up to the root of what is
 * mounted, all files looked up below `prefix` ("" for the system's own). */
uint32_t wefti_cpu_quota(const char *prefix);

#endif
