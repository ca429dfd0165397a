/* What src/thread/cpu.c reads from the kernel's files, line by line. The first
 * byte chooses the function. A mount is also written from its parts, the way
 * the kernel does it, and must be read back. */
#include "fuzz.h"

#include "thread/cpu.h"

/* -------------------------------------------------------------- cpu.max */

/* Text as strtoll takes it, but by hand; *end is where it ends. */
static int64_t number(const char *text, const char **end)
{
    const char *at = text + strspn(text, " \t\n\v\f\r");
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    size_t digits = strspn(at, "0123456789");
    *end = digits > 0 ? at + digits : text;
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        int64_t digit = negative ? '0' - at[i] : at[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return negative ? INT64_MIN : INT64_MAX;
        }
    }
    return value;
}

static uint32_t quotient(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0) {
        return WEFTI_CPU_UNLIMITED;
    }
    int64_t cpus = quota / period + (quota % period != 0);
    return cpus < WEFTI_CPU_UNLIMITED ? (uint32_t)cpus : WEFTI_CPU_UNLIMITED;
}

static void check_max(const char *text)
{
    const char *end;
    int64_t quota = number(text, &end);
    uint32_t expected = WEFTI_CPU_UNLIMITED;
    if (end != text && *end == ' ') {
        expected = quotient(quota, number(end, &end));
    }
    fuzz_require(wefti_cpu_from_max(text) == expected);
}

/* ---------------------------------------------------- /proc/self/cgroup */

static void check_group(const char *line)
{
    int version = 0;
    const char *group = wefti_cpu_group_of_line(line, &version);
    char *copy = strdup(line);
    fuzz_require(copy != NULL);
    char *controllers = strchr(copy, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    size_t at = path != NULL ? (size_t)(path - copy) + 1 : 0;
    int expected = 0;
    if (path != NULL) {
        *path = '\0';
        controllers++;
        expected = *controllers == '\0' ? 2 : 0;
        for (char *rest = controllers, *word;
             expected == 0 && (word = strsep(&rest, ",")) != NULL;) {
            expected = strcmp(word, "cpu") == 0 ? 1 : 0;
        }
    }
    free(copy);
    fuzz_require((group != NULL) == (expected != 0));
    fuzz_require(group == NULL || (group == line + at && version == expected));
}

/* ------------------------------------------------- /proc/self/mountinfo */

/* The n-th word of text, counted from 0, to be freed; NULL: there are fewer. */
static char *word(const char *text, int n)
{
    for (;; n--) {
        text += strspn(text, " ");
        size_t length = strcspn(text, " ");
        if (length == 0) {
            return NULL;
        }
        if (n == 0) {
            return fuzz_string((const uint8_t *)text, length);
        }
        text += length;
    }
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* In place. */
static void decode(char *text)
{
    size_t to = 0;
    size_t from = 0;
    while (text[from] != '\0') {
        unsigned byte = (unsigned char)text[from++];
        if (byte == '\\' && is_octal(text[from]) && is_octal(text[from + 1]) &&
            is_octal(text[from + 2])) {
            byte = 0;
            for (int i = 0; i < 3; i++) {
                byte = byte * 8 + (unsigned)(text[from++] - '0');
            }
        }
        text[to++] = (char)(byte & 0xff);
    }
    text[to] = '\0';
}

/* Whether what follows the separator mounts the hierarchy: "type source
 * options". In version 1 the options name the controllers. */
static bool mounts(const char *tail, int version)
{
    char *type = word(tail, 0);
    bool is =
        type != NULL && strcmp(type, version == 2 ? "cgroup2" : "cgroup") == 0;
    free(type);
    if (!is || version == 2) {
        return is;
    }
    for (int i = 0; i < 2; i++) { /* from behind the source's one blank */
        tail += strspn(tail, " ");
        tail += strcspn(tail, " ");
        tail += i == 1 && *tail == ' ';
    }
    for (;;) {
        size_t length = strcspn(tail, ",");
        if (length == 3 && strncmp(tail, "cpu", 3) == 0) {
            return true;
        }
        if (tail[length] == '\0') {
            return false;
        }
        tail += length + 1;
    }
}

static void check_mount(const char *line, int version)
{
    char *copy = strdup(line);
    char *head = strdup(line);
    const char *got_root = NULL, *got_point = NULL;
    fuzz_require(copy != NULL && head != NULL);
    bool got = wefti_cpu_mount_of_line(copy, version, &got_root, &got_point);
    char *separator = strstr(head, " - ");
    if (separator == NULL) {
        fuzz_require(!got);
    } else {
        *separator = '\0';
        char *root = word(head, 3);
        char *point = word(head, 4);
        fuzz_require(got == (point != NULL && mounts(separator + 3, version)));
        if (got) {
            decode(root);
            decode(point);
            fuzz_require(strcmp(got_root, root) == 0);
            fuzz_require(strcmp(got_point, point) == 0);
        }
        free(root);
        free(point);
    }
    free(head);
    free(copy);
}

static char *encode(char *to, const char *from)
{
    for (; *from != '\0'; from++) {
        if (strchr(" \t\n\\", *from) != NULL) {
            to += sprintf(to, "\\%03o", (unsigned char)*from);
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return to;
}

/* The text is a root, a newline, and a mount point; both begin with a slash. */
static void check_round_trip(char *text, int version)
{
    char *point = strchr(text, '\n');
    if (point == NULL || text[0] != '/' || point[1] != '/') {
        return;
    }
    *point++ = '\0';
    char *line = malloc(4 * strlen(text) + 4 * strlen(point) + 100);
    fuzz_require(line != NULL);
    char *at = line + sprintf(line, "31 23 0:27 ");
    at = encode(at, text);
    *at++ = ' ';
    at = encode(at, point);
    (void)strcpy(at, version == 2 ? " rw,nosuid shared:9 - cgroup2 cgroup2 rw"
                                  : " rw - cgroup cgroup rw,cpuacct,cpu");
    const char *got_root, *got_point;
    fuzz_require(wefti_cpu_mount_of_line(line, version, &got_root, &got_point));
    fuzz_require(strcmp(got_root, text) == 0);
    fuzz_require(strcmp(got_point, point) == 0);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *text = fuzz_string(data + 1, size - 1);
    int version = data[0] & 1 ? 2 : 1;
    switch (data[0] >> 1 & 3) {
    case 0:
        check_max(text);
        break;
    case 1:
        check_group(text);
        break;
    case 2:
        check_mount(text, version);
        break;
    default:
        check_round_trip(text, version);
        break;
    }
    free(text);
    return 0;
}
