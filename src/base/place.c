/* Return addresses in words, by asking addr2line. */
#include "base/place.h"

#if WEFT_CHECKED

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

extern char **environ;

enum { PATH_SIZE = 512, ANSWER_SIZE = 4096 };

/* A file that the program consists of, and where in it an address lies. */
typedef struct module {
    uintptr_t address;
    uintptr_t offset;
    char path[PATH_SIZE];
} module;

static int look_in(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    module *m = arg;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD ||
            m->address - start >= segment->p_memsz) {
            continue;
        }
        m->offset = m->address - info->dlpi_addr;
        if (info->dlpi_name != NULL && info->dlpi_name[0] != '\0') {
            (void)snprintf(m->path, sizeof m->path, "%s", info->dlpi_name);
            return 1;
        }
        ssize_t length =
            readlink("/proc/self/exe", m->path, sizeof m->path - 1);
        m->path[length > 0 ? length : 0] = '\0';
        return 1;
    }
    return 0;
}

static void read_all(int from, char *text, size_t size)
{
    size_t used = 0;
    while (used < size - 1) {
        ssize_t got = read(from, text + used, size - 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
    }
    text[used] = '\0';
}

static const char *symbolizer(void)
{
    const char *wish = getenv("WEFT_SYMBOLIZER");
    return wish != NULL ? wish : "addr2line";
}

/* Two lines for each function that was inlined there, the innermost first:
 * its name, and file:line. Empty if there is nobody to ask. */
static void ask(const module *m, char *answer)
{
    answer[0] = '\0';
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    char address[24];
    (void)snprintf(address, sizeof address, "0x%zx", (size_t)m->offset);
    char path[PATH_SIZE];
    memcpy(path, m->path, sizeof path);
    char program[] = "addr2line";
    char which[] = "-e";
    char how[] = "-fis";
    char *arguments[] = {program, how, which, path, address, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) == 0) {
        pid_t child;
        (void)posix_spawn_file_actions_adddup2(&actions, ends[1],
                                               STDOUT_FILENO);
        (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
                                               "/dev/null", O_WRONLY, 0);
        int error = posix_spawnp(&child, symbolizer(), &actions, NULL,
                                 arguments, environ);
        (void)close(ends[1]);
        ends[1] = -1;
        if (error == 0) {
            read_all(ends[0], answer, ANSWER_SIZE);
            (void)waitpid(child, NULL, 0);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    if (ends[1] >= 0) {
        (void)close(ends[1]);
    }
    (void)close(ends[0]);
}

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

/* Whether an inlined function is weft's: by its own name, or as a typed form
 * that a _DEFINE macro has made. */
static bool is_ours(const char *function)
{
    static const char *const forms[] = {
        "_lock",        "_lock_try",    "_lock_until",    "_recover",
        "_unlock",      "_recover_try", "_recover_until", "_guard_take",
        "_guard_enter", "_guard_drop",  "_guard_leave",   "_guard_drop_scope",
        "_spawn",       "_spawn_with",  "_join",          "_join_try",
        "_join_until",  "_detach",      "_move",          "_drop",
        "_drop_auto",
    };
    if (strncmp(function, "weft_", 5) == 0 ||
        strncmp(function, "wefti_", 6) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (ends_in(function, forms[i])) {
            return true;
        }
    }
    return false;
}

static void copy(char *to, const char *from)
{
    (void)snprintf(to, WEFTI_PLACE_TEXT, "%s", from);
}

/* The innermost function that is the user's, or else the outermost. */
static bool choose(char *answer, wefti_place_words *words)
{
    char *rest = NULL;
    char *function = strtok_r(answer, "\n", &rest);
    char *where = strtok_r(NULL, "\n", &rest);
    bool known = false;
    while (function != NULL && where != NULL) {
        where[strcspn(where, " ")] = '\0';
        char *next = strtok_r(NULL, "\n", &rest);
        if (where[0] != '?' && !ends_in(where, ":?") && !ends_in(where, ":0")) {
            copy(words->function, function);
            copy(words->where, where);
            known = true;
        }
        if (next == NULL || !is_ours(function)) {
            break;
        }
        function = next;
        where = strtok_r(NULL, "\n", &rest);
    }
    return known;
}

wefti_place_words wefti_place_of(const void *place)
{
    int error = errno;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    wefti_place_words words = {{0}, {0}};
    /* The call itself, which a return address is one past. */
    module m = {.address = (uintptr_t)place - 1};
    char answer[ANSWER_SIZE];
    if (place == NULL || dl_iterate_phdr(look_in, &m) == 0) {
        copy(words.where, "an unknown place");
    } else {
        ask(&m, answer);
        if (!choose(answer, &words)) {
            const char *name = strrchr(m.path, '/');
            (void)snprintf(words.where, sizeof words.where, "%.60s+0x%zx",
                           name != NULL ? name + 1 : m.path, (size_t)m.offset);
        }
    }
    (void)pthread_setcancelstate(cancel, NULL);
    errno = error;
    return words;
}

typedef struct climb {
    const void *from;
    const void **stack;
    size_t count;
} climb;

static _Unwind_Reason_Code climb_one(struct _Unwind_Context *context, void *arg)
{
    climb *c = arg;
    const void *here = (const void *)_Unwind_GetIP(context);
    if (here == NULL) {
        return _URC_NORMAL_STOP;
    }
    if (c->count == 0 && here != c->from) {
        return _URC_NO_REASON; /* still inside weft */
    }
    c->stack[c->count++] = here;
    return c->count < WEFTI_STACK ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

size_t wefti_place_stack(const void *place, const void **stack)
{
    climb c = {place, stack, 0};
    (void)_Unwind_Backtrace(climb_one, &c);
    if (c.count == 0) {
        stack[c.count++] = place;
    }
    return c.count;
}

#endif
