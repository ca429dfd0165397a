/* The kernel states a process's share of the CPUs in three places: the affinity
 * mask, and one file (cgroup version 2) or two (version 1) in the directory of
 * each group that the process is in. Which directory that is takes two more
 * files: /proc/self/cgroup names the group, /proc/self/mountinfo where the tree
 * of groups is mounted. See cgroups(7) and proc(5). */
#include "thread/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer lines and paths count as absent: all of this has to fit the smallest
 * stack of a thread. */
enum { LINE_SIZE = 1024 };

/* ------------------------------------------------------------------ texts */

uint32_t wefti_cpu_from_quota(int64_t quota_us, int64_t period_us)
{
    if (quota_us <= 0 || period_us <= 0) {
        return WEFTI_CPU_UNLIMITED;
    }
    const int64_t cpus = (quota_us - 1) / period_us + 1;
    return cpus < WEFTI_CPU_UNLIMITED ? (uint32_t)cpus : WEFTI_CPU_UNLIMITED;
}

uint32_t wefti_cpu_from_max(const char *text)
{
    char *end;
    const long long quota = strtoll(text, &end, 10); /* "max" reads as 0 */
    if (end == text || *end != ' ') {
        return WEFTI_CPU_UNLIMITED;
    }
    return wefti_cpu_from_quota(quota, strtoll(end, NULL, 10));
}

/* Whether `word` is one of the items of a comma-separated list that ends at
 * one of the bytes in `stops`. */
static bool lists(const char *list, const char *word, const char *stops)
{
    const size_t length = strlen(word);
    for (;;) {
        const size_t item = strcspn(list, stops);
        const char *comma = memchr(list, ',', item);
        const size_t size = comma != NULL ? (size_t)(comma - list) : item;
        if (size == length && memcmp(list, word, length) == 0) {
            return true;
        }
        if (comma == NULL) {
            return false;
        }
        list = comma + 1;
    }
}

const char *wefti_cpu_group_of_line(const char *line, int *version)
{
    const char *controllers = strchr(line, ':');
    const char *path =
        controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (path == NULL) {
        return NULL;
    }
    if (controllers + 1 == path) { /* "0::/group" */
        *version = 2;
        return path + 1;
    }
    *version = 1;
    return lists(controllers + 1, "cpu", ":") ? path + 1 : NULL;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 +
                         (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Cut the next word off *rest; NULL: there is none. */
static char *cut_word(char **rest)
{
    *rest += strspn(*rest, " ");
    return **rest != '\0' ? strsep(rest, " ") : NULL;
}

bool wefti_cpu_mount_of_line(char *line, int version, const char **root,
                             const char **point)
{
    /* id parent device root point options [tags] - type source super */
    char *tail = strstr(line, " - ");
    if (tail == NULL) {
        return false;
    }
    *tail = '\0';
    tail += strlen(" - ");
    char *words[5];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        words[i] = line != NULL ? cut_word(&line) : NULL;
    }
    const char *type = cut_word(&tail);
    (void)(tail != NULL ? cut_word(&tail) : NULL);
    if (words[4] == NULL || type == NULL) {
        return false;
    }
    const bool wanted = version == 2
                            ? strcmp(type, "cgroup2") == 0
                            : strcmp(type, "cgroup") == 0 && tail != NULL &&
                                  lists(tail, "cpu", "");
    if (wanted) {
        decode(words[3]);
        decode(words[4]);
        *root = words[3];
        *point = words[4];
    }
    return wanted;
}

/* ------------------------------------------------------------------ files */

typedef struct line_reader {
    int fd;
    size_t used;
    size_t filled;
    char buffer[LINE_SIZE];
} line_reader;

static bool reader_open(line_reader *r, const char *prefix, const char *path)
{
    char whole[LINE_SIZE];
    const int length = snprintf(whole, sizeof whole, "%s%s", prefix, path);
    r->used = r->filled = 0;
    r->fd = length > 0 && (size_t)length < sizeof whole
                ? open(whole, O_RDONLY | O_CLOEXEC)
                : -1;
    return r->fd >= 0;
}

static int reader_byte(line_reader *r)
{
    if (r->used == r->filled) {
        ssize_t got;
        do {
            got = read(r->fd, r->buffer, sizeof r->buffer);
        } while (got < 0 && errno == EINTR);
        if (got <= 0) {
            return EOF;
        }
        r->used = 0;
        r->filled = (size_t)got;
    }
    return (unsigned char)r->buffer[r->used++];
}

/* The next line without its end; what does not fit is dropped. */
static bool reader_line(line_reader *r, char *line, size_t size)
{
    size_t length = 0;
    int byte = reader_byte(r);
    if (byte == EOF) {
        return false;
    }
    for (; byte != EOF && byte != '\n'; byte = reader_byte(r)) {
        if (length + 1 < size) {
            line[length++] = (char)byte;
        }
    }
    line[length] = '\0';
    return true;
}

static bool first_line(const char *prefix, const char *path, char *line,
                       size_t size)
{
    line_reader r;
    if (!reader_open(&r, prefix, path)) {
        return false;
    }
    const bool got = reader_line(&r, line, size);
    (void)close(r.fd);
    return got;
}

/* ----------------------------------------------------------------- groups */

/* Append to the directory's path; false: it would be too long. */
static bool append(char *dir, const char *more)
{
    const size_t length = strlen(dir);
    const int n = snprintf(dir + length, LINE_SIZE - length, "%s", more);
    return n >= 0 && (size_t)n < LINE_SIZE - length;
}

static bool read_number(const char *prefix, char *dir, const char *file,
                        int64_t *number)
{
    char line[64];
    const size_t length = strlen(dir);
    const bool got =
        append(dir, file) && first_line(prefix, dir, line, sizeof line);
    dir[length] = '\0';
    if (got) {
        *number = strtoll(line, NULL, 10);
    }
    return got;
}

static uint32_t quota_of_dir(const char *prefix, char *dir, int version)
{
    if (version == 1) {
        int64_t quota = -1;
        int64_t period = -1;
        return read_number(prefix, dir, "/cpu.cfs_quota_us", &quota) &&
                       read_number(prefix, dir, "/cpu.cfs_period_us", &period)
                   ? wefti_cpu_from_quota(quota, period)
                   : WEFTI_CPU_UNLIMITED;
    }
    char line[64];
    const size_t length = strlen(dir);
    const bool got =
        append(dir, "/cpu.max") && first_line(prefix, dir, line, sizeof line);
    dir[length] = '\0';
    return got ? wefti_cpu_from_max(line) : WEFTI_CPU_UNLIMITED;
}

/* From the group's directory up to the mount point, which has `top` bytes. */
static uint32_t least_up_to(const char *prefix, char *dir, size_t top,
                            int version)
{
    uint32_t least = WEFTI_CPU_UNLIMITED;
    for (;;) {
        const uint32_t here = quota_of_dir(prefix, dir, version);
        least = here < least ? here : least;
        char *slash = strrchr(dir, '/');
        if (strlen(dir) <= top || slash == NULL) {
            return least;
        }
        *slash = '\0';
    }
}

/* What lies below the mount of a group whose mount shows the tree from `root`
 * on. A path outside of that, as seen in a container, is the mount itself. */
static const char *below_root(const char *group, const char *root)
{
    const size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    const bool inside = strncmp(group, root, length) == 0 &&
                        (group[length] == '/' || group[length] == '\0') &&
                        strstr(group, "/..") == NULL;
    return inside && strcmp(group + length, "/") != 0 ? group + length : "";
}

static uint32_t quota_of_group(const char *prefix, const char *group,
                               int version)
{
    line_reader r;
    char line[LINE_SIZE];
    uint32_t least = WEFTI_CPU_UNLIMITED;
    if (!reader_open(&r, prefix, "/proc/self/mountinfo")) {
        return least;
    }
    while (reader_line(&r, line, sizeof line)) {
        const char *root;
        const char *point;
        char dir[LINE_SIZE] = "";
        if (wefti_cpu_mount_of_line(line, version, &root, &point) &&
            append(dir, point) && append(dir, below_root(group, root))) {
            least = least_up_to(prefix, dir, strlen(point), version);
            break;
        }
    }
    (void)close(r.fd);
    return least;
}

uint32_t wefti_cpu_quota(const char *prefix)
{
    line_reader r;
    char line[LINE_SIZE];
    uint32_t least = WEFTI_CPU_UNLIMITED;
    if (!reader_open(&r, prefix, "/proc/self/cgroup")) {
        return least;
    }
    while (reader_line(&r, line, sizeof line)) {
        int version;
        const char *group = wefti_cpu_group_of_line(line, &version);
        if (group != NULL) {
            const uint32_t here = quota_of_group(prefix, group, version);
            least = here < least ? here : least;
        }
    }
    (void)close(r.fd);
    return least;
}

/* --------------------------------------------------------------- affinity */

/* The kernel refuses a mask smaller than its own, which on the largest has 8192
 * CPUs. */
static uint32_t affinity(void)
{
    enum { WORDS = 8192 / (8 * sizeof(unsigned long)) };
    unsigned long mask[WORDS] = {0};
    if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)(void *)mask) != 0) {
        return weft_cpu_count_online();
    }
    return (uint32_t)CPU_COUNT_S(sizeof mask, (cpu_set_t *)(void *)mask);
}

uint32_t weft_cpu_count_online(void)
{
    const int saved = errno;
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    errno = saved;
    return online > 1 ? (uint32_t)online : 1;
}

/* errno is saved: the first task or loop of a program comes through here. */
uint32_t weft_cpu_parallelism(void)
{
    const int saved = errno;
    const uint32_t allowed = affinity();
    const uint32_t quota = wefti_cpu_quota("");
    errno = saved;
    const uint32_t least = allowed < quota ? allowed : quota;
    return least > 1 ? least : 1;
}
