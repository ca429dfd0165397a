#include "harness/machine.h"

#include "harness/harness.h"

#include <dirent.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifndef BENCH_COMPILER
#define BENCH_COMPILER "unknown"
#endif
#ifndef BENCH_FLAGS
#define BENCH_FLAGS "unknown"
#endif
#ifndef BENCH_RUST_VERSION
#define BENCH_RUST_VERSION "none"
#endif

enum { TEXT = 256 };

/* The first line of a file, or `otherwise`. */
static void first_line(const char *path, const char *otherwise, char *line)
{
    FILE *f = fopen(path, "r");
    if (f == NULL || fgets(line, TEXT, f) == NULL) {
        (void)snprintf(line, TEXT, "%s", otherwise);
    }
    line[strcspn(line, "\n")] = '\0';
    if (f != NULL) {
        (void)fclose(f);
    }
}

static void add_file(cJSON *facts, const char *name, const char *path)
{
    char line[TEXT];
    first_line(path, "not told", line);
    (void)cJSON_AddStringToObject(facts, name, line);
}

/* The value of the first line of `path` that begins with `key`. */
static void add_keyed(cJSON *facts, const char *name, const char *path,
                      const char *key)
{
    char line[TEXT];
    const char *value = "not told";
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            value = line + strlen(key);
            value += strspn(value, " \t:");
            line[strcspn(line, "\n")] = '\0';
            break;
        }
    }
    (void)cJSON_AddStringToObject(facts, name, value);
    if (f != NULL) {
        (void)fclose(f);
    }
}

/* Mitigations slow down system calls: those in force, by name. */
static void add_mitigations(cJSON *facts)
{
    static const char dir[] = "/sys/devices/system/cpu/vulnerabilities";
    cJSON *list = cJSON_AddObjectToObject(facts, "mitigations");
    DIR *d = opendir(dir);
    const struct dirent *entry = NULL;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        char path[2 * TEXT];
        char line[TEXT];
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        first_line(path, "", line);
        if (strncmp(line, "Mitigation", strlen("Mitigation")) == 0) {
            (void)cJSON_AddStringToObject(list, entry->d_name, line);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
}

static void add_system(cJSON *facts)
{
    struct utsname u;
    char kernel[TEXT] = "not told";
    if (uname(&u) == 0) {
        (void)snprintf(kernel, sizeof kernel, "%.32s %.96s %.32s", u.sysname,
                       u.release, u.machine);
    }
    (void)cJSON_AddStringToObject(facts, "kernel", kernel);
    (void)cJSON_AddStringToObject(facts, "libc", "glibc");
    (void)cJSON_AddStringToObject(facts, "libc_version",
                                  gnu_get_libc_version());
}

/* Of this process's own control group (version 2), or the root's. */
static void add_quota(cJSON *facts)
{
    char group[TEXT];
    char path[2 * TEXT];
    char line[TEXT];
    first_line("/proc/self/cgroup", "", group);
    const char *own = strncmp(group, "0::", 3) == 0 ? group + 3 : "";
    (void)snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", own);
    first_line(path, "none told", line);
    (void)cJSON_AddStringToObject(facts, "cgroup_cpu_max", line);
}

static void add_hypervisor(cJSON *facts)
{
    char *line = NULL;
    size_t size = 0;
    bool is_virtual = false;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f != NULL && !is_virtual && getline(&line, &size, f) > 0) {
        is_virtual = strncmp(line, "flags", strlen("flags")) == 0 &&
                     strstr(line, " hypervisor") != NULL;
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    free(line);
    (void)cJSON_AddBoolToObject(facts, "virtual", is_virtual);
}

cJSON *bench_machine_facts(const char *commit)
{
    cJSON *facts = cJSON_CreateObject();
    add_keyed(facts, "cpu", "/proc/cpuinfo", "model name");
    add_keyed(facts, "cpus_allowed", "/proc/self/status", "Cpus_allowed_list");
    (void)cJSON_AddNumberToObject(facts, "cpus_online",
                                  (double)sysconf(_SC_NPROCESSORS_ONLN));
    (void)cJSON_AddNumberToObject(facts, "cpus_usable", bench_cpu_count());
    add_quota(facts);
    add_file(facts, "governor",
             "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    add_file(facts, "boost", "/sys/devices/system/cpu/cpufreq/boost");
    add_hypervisor(facts);
    add_keyed(facts, "memory", "/proc/meminfo", "MemTotal");
    add_system(facts);
    add_mitigations(facts);
    (void)cJSON_AddStringToObject(facts, "compiler", BENCH_COMPILER);
    (void)cJSON_AddStringToObject(facts, "flags", BENCH_FLAGS);
    (void)cJSON_AddStringToObject(facts, "rust", BENCH_RUST_VERSION);
    (void)cJSON_AddStringToObject(facts, "commit", commit);
    return facts;
}

/* The eighth number of the first line of /proc/stat. */
static double stolen_ticks(void)
{
    char line[TEXT];
    first_line("/proc/stat", "", line);
    const char *at = line + strcspn(line, " ");
    double ticks = 0;
    for (int i = 0; i < 8; i++) {
        char *end = NULL;
        ticks = strtod(at, &end);
        at = end;
    }
    return ticks;
}

cJSON *bench_machine_conditions(void)
{
    cJSON *now = cJSON_CreateObject();
    const time_t t = time(NULL);
    struct tm utc;
    char date[TEXT] = "";
    if (gmtime_r(&t, &utc) != NULL) {
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    (void)cJSON_AddStringToObject(now, "date", date);
    add_file(now, "load_average", "/proc/loadavg");
    (void)cJSON_AddNumberToObject(now, "stolen_ticks", stolen_ticks());
    return now;
}
