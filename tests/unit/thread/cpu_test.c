/* Available parallelism honours quota and affinity: oneTBB#190 and storm#495
 * did not, and started a thread for each CPU of the machine in a container
 * that was allowed a fraction of one. */
#include <weft/thread/cpu.h>

#include "thread/cpu.h"

#include <criterion/criterion.h>

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A directory that stands for / in wefti_cpu_quota. */
typedef struct tree {
    char root[64];
} tree;

static tree tree_make(void)
{
    tree t = {"/tmp/weft_cpu_XXXXXX"};
    cr_assert_not_null(mkdtemp(t.root));
    return t;
}

static void tree_remove(const tree *t)
{
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", t->root);
    cr_assert_eq(system(command), 0);
}

static void put(const tree *t, const char *path, const char *text)
{
    char whole[512];
    const int n = snprintf(whole, sizeof whole, "%s%s", t->root, path);
    cr_assert(n > 0 && (size_t)n < sizeof whole);
    for (char *at = whole + strlen(t->root) + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(whole, 0700);
            *at = '/';
        }
    }
    FILE *f = fopen(whole, "w");
    cr_assert_not_null(f, "%s", whole);
    cr_assert_geq(fputs(text, f), 0);
    cr_assert_eq(fclose(f), 0);
}

#define MOUNT_V2 "30 23 0:26 / /cg rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"

Test(cpu, quota_is_rounded_up_to_whole_cpus)
{
    cr_assert_eq(wefti_cpu_from_quota(1, 100000), 1);
    cr_assert_eq(wefti_cpu_from_quota(100000, 100000), 1);
    cr_assert_eq(wefti_cpu_from_quota(100001, 100000), 2);
    cr_assert_eq(wefti_cpu_from_quota(250000, 100000), 3);
    cr_assert_eq(wefti_cpu_from_quota(INT64_MAX, 1), WEFTI_CPU_UNLIMITED);
}

Test(cpu, absent_or_senseless_quota_is_no_limit)
{
    cr_assert_eq(wefti_cpu_from_quota(-1, 100000), WEFTI_CPU_UNLIMITED);
    cr_assert_eq(wefti_cpu_from_quota(0, 100000), WEFTI_CPU_UNLIMITED);
    cr_assert_eq(wefti_cpu_from_quota(100000, 0), WEFTI_CPU_UNLIMITED);
    cr_assert_eq(wefti_cpu_from_max("max 100000"), WEFTI_CPU_UNLIMITED);
    cr_assert_eq(wefti_cpu_from_max(""), WEFTI_CPU_UNLIMITED);
    cr_assert_eq(wefti_cpu_from_max("150000"), WEFTI_CPU_UNLIMITED);
    cr_assert_eq(wefti_cpu_from_max("150000 100000"), 2);
}

Test(cpu, group_is_the_unified_one_or_that_of_the_cpu_controller)
{
    int version = 0;
    cr_assert_str_eq(wefti_cpu_group_of_line("0::/a:b", &version), "/a:b");
    cr_assert_eq(version, 2);
    cr_assert_str_eq(wefti_cpu_group_of_line("4:cpu,cpuacct:/x", &version),
                     "/x");
    cr_assert_eq(version, 1);
    cr_assert_str_eq(wefti_cpu_group_of_line("4:cpuacct,cpu:/x", &version),
                     "/x");
    cr_assert_null(wefti_cpu_group_of_line("5:cpuset:/x", &version));
    cr_assert_null(wefti_cpu_group_of_line("1:name=systemd:/x", &version));
    cr_assert_null(wefti_cpu_group_of_line("garbage", &version));
    cr_assert_null(wefti_cpu_group_of_line("", &version));
}

Test(cpu, mount_line_is_cut_up_and_decoded)
{
    char line[] = "30 23 0:26 /docker /my\\040cg rw a:1 b:2 - cgroup2 none rw";
    const char *root;
    const char *point;
    cr_assert(wefti_cpu_mount_of_line(line, 2, &root, &point));
    cr_assert_str_eq(root, "/docker");
    cr_assert_str_eq(point, "/my cg");
}

Test(cpu, mount_of_another_kind_is_refused)
{
    static const char *const lines[] = {
        "30 23 0:26 / /cg rw - cgroup cgroup rw,cpuset",
        "30 23 0:26 / /cg rw - ext4 /dev/sda rw,cpu",
        "30 23 0:26 / /cg rw - cgroup cgroup",
        "30 23 0:26 / /cg rw",
        "30 - cgroup cgroup rw,cpu",
        " - ",
        "",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[128];
        const char *root;
        const char *point;
        (void)snprintf(line, sizeof line, "%s", lines[i]);
        cr_assert_not(wefti_cpu_mount_of_line(line, 1, &root, &point), "%s",
                      lines[i]);
    }
}

Test(cpu, least_quota_on_the_way_to_the_root_counts)
{
    tree t = tree_make();
    put(&t, "/proc/self/cgroup", "0::/a/b/c\n");
    put(&t, "/proc/self/mountinfo",
        "1 1 8:1 / / rw - ext4 /dev/a rw\n" MOUNT_V2);
    put(&t, "/cg/a/b/c/cpu.max", "max 100000\n");
    put(&t, "/cg/a/b/cpu.max", "350000 100000\n");
    put(&t, "/cg/a/cpu.max", "800000 100000\n");
    cr_assert_eq(wefti_cpu_quota(t.root), 4);
    put(&t, "/cg/a/b/c/cpu.max", "20000 100000\n");
    cr_assert_eq(wefti_cpu_quota(t.root), 1);
    tree_remove(&t);
}

Test(cpu, container_sees_its_quota_at_the_mount)
{
    tree t = tree_make();
    put(&t, "/proc/self/cgroup", "0::/\n");
    put(&t, "/proc/self/mountinfo", MOUNT_V2);
    put(&t, "/cg/cpu.max", "150000 100000\n");
    cr_assert_eq(wefti_cpu_quota(t.root), 2, "namespace of its own");
    put(&t, "/proc/self/cgroup", "0::/../../other\n");
    cr_assert_eq(wefti_cpu_quota(t.root), 2, "group outside of the mount");
    put(&t, "/proc/self/cgroup", "0::/docker/1234/sub\n");
    put(&t, "/proc/self/mountinfo",
        "30 23 0:26 /docker/1234 /cg rw - cgroup2 cgroup2 rw\n");
    put(&t, "/cg/sub/cpu.max", "50000 100000\n");
    cr_assert_eq(wefti_cpu_quota(t.root), 1, "mount that shows a part");
    tree_remove(&t);
}

Test(cpu, version_1_quota_counts)
{
    tree t = tree_make();
    put(&t, "/proc/self/cgroup",
        "9:cpuset:/z\n4:cpu,cpuacct:/a\n1:name=systemd:/s\n0::/s\n");
    put(&t, "/proc/self/mountinfo",
        "31 23 0:27 / /cpuset rw - cgroup cgroup rw,cpuset\n"
        "32 23 0:28 / /cpu rw - cgroup cgroup rw,cpu,cpuacct\n" MOUNT_V2);
    put(&t, "/cpu/a/cpu.cfs_quota_us", "-1\n");
    put(&t, "/cpu/a/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(wefti_cpu_quota(t.root), WEFTI_CPU_UNLIMITED);
    put(&t, "/cpu/a/cpu.cfs_quota_us", "220000\n");
    cr_assert_eq(wefti_cpu_quota(t.root), 3);
    tree_remove(&t);
}

Test(cpu, missing_files_are_no_limit)
{
    tree t = tree_make();
    cr_assert_eq(wefti_cpu_quota(t.root), WEFTI_CPU_UNLIMITED);
    put(&t, "/proc/self/cgroup", "0::/a\n");
    cr_assert_eq(wefti_cpu_quota(t.root), WEFTI_CPU_UNLIMITED);
    put(&t, "/proc/self/mountinfo", MOUNT_V2);
    cr_assert_eq(wefti_cpu_quota(t.root), WEFTI_CPU_UNLIMITED);
    tree_remove(&t);
}

Test(cpu, overlong_line_does_no_harm)
{
    tree t = tree_make();
    char text[8192];
    memset(text, 'x', sizeof text);
    memcpy(text, "0::/", 4);
    memcpy(text + sizeof text - 2, "\n", 2);
    put(&t, "/proc/self/cgroup", text);
    put(&t, "/proc/self/mountinfo", MOUNT_V2);
    put(&t, "/cg/cpu.max", "100000 100000\n");
    (void)wefti_cpu_quota(t.root);
    put(&t, "/proc/self/mountinfo", text);
    cr_assert_eq(wefti_cpu_quota(t.root), WEFTI_CPU_UNLIMITED);
    tree_remove(&t);
}

Test(cpu, affinity_bounds_parallelism)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    const uint32_t before = weft_cpu_parallelism();
    cr_assert_geq(before, 1);
    cr_assert_leq(before, weft_cpu_count_online());
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_assert_eq(weft_cpu_parallelism(), 1);
}
