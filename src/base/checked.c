/* What is open, what was emptied, what is dead: the checked build's books. */
#include "base/checked.h"

#if WEFT_CHECKED

#include "base/catch.h"

#include <weft/base/atomic.h>
#include <weft/base/panic.h>
#include <weft/base/self.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __thread struct {
    uint32_t allowed;
    const void *lock; /* the next one taken there ... */
    const char *name; /* ... has this name */
    const void *called_from;
    uintptr_t stack_top;
} mine;

void wefti_tell(const char *format, ...)
{
    int error = errno;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    va_list args;
    va_start(args, format);
    char text[512];
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length > 0) {
        size_t size =
            (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
        ssize_t written = write(STDERR_FILENO, text, size);
        (void)written; /* nobody left to tell */
    }
    (void)pthread_setcancelstate(cancel, NULL);
    errno = error;
}

/* --------------------------------------------------------------- allowances
 */

wefti_allowance wefti_allow_begin(uint32_t what)
{
    wefti_allowance a = {mine.allowed, true};
    mine.allowed |= what;
    return a;
}

void wefti_allow_end(wefti_allowance *a)
{
    mine.allowed = a->before;
}

bool wefti_allowed(uint32_t what)
{
    return (mine.allowed & what) != 0;
}

void wefti_checked_name(const void *lock, const char *name)
{
    static const char ours[] = "weft_"; /* weft_mutex is called mutex */
    const size_t length = sizeof ours - 1;
    mine.lock = lock;
    mine.name = name + (strncmp(name, ours, length) == 0 ? length : 0);
}

const char *wefti_checked_name_of(const void *lock, const char *otherwise)
{
    return mine.lock == lock && mine.name != NULL ? mine.name : otherwise;
}

void wefti_checked_from(const void *place)
{
    mine.called_from = place;
}

const void *wefti_checked_whence(const void *place)
{
    const void *outer = mine.called_from;
    mine.called_from = NULL;
    return outer != NULL ? outer : place;
}

/* ------------------------------------------------------------ what is open
 */

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t graveyard = PTHREAD_MUTEX_INITIALIZER;
static wefti_open *open_things; /* guarded by registry; newest first */

void wefti_open_add(wefti_open *o, const char *what, const char *name,
                    const void *place)
{
    (void)pthread_mutex_lock(&registry);
    o->what = what;
    o->name = name;
    o->place = place;
    o->before = NULL;
    o->next = open_things;
    if (o->next != NULL) {
        o->next->before = o;
    }
    open_things = o;
    (void)pthread_mutex_unlock(&registry);
}

static void take_out(wefti_open *o)
{
    if (o->what == NULL) {
        return;
    }
    if (o->before != NULL) {
        o->before->next = o->next;
    } else {
        open_things = o->next;
    }
    if (o->next != NULL) {
        o->next->before = o->before;
    }
    o->what = NULL;
}

void wefti_open_remove(wefti_open *o)
{
    (void)pthread_mutex_lock(&registry);
    take_out(o);
    (void)pthread_mutex_unlock(&registry);
}

void wefti_open_leave(wefti_open *o)
{
    (void)pthread_mutex_lock(&registry);
    o->left = true;
    if (o->borrowed == NULL || o->ended) {
        take_out(o);
    }
    (void)pthread_mutex_unlock(&registry);
}

void wefti_open_end(wefti_open *o)
{
    (void)pthread_mutex_lock(&registry);
    o->ended = true;
    if (o->left) {
        take_out(o);
    }
    (void)pthread_mutex_unlock(&registry);
}

void wefti_open_await(wefti_open *o, bool waits)
{
    (void)pthread_mutex_lock(&registry);
    o->awaited = waits;
    (void)pthread_mutex_unlock(&registry);
}

/* A fork takes the locks, so that the child finds them free. What its parent
 * has open is not the child's to close. */
static void before_fork(void)
{
    (void)pthread_mutex_lock(&registry);
    (void)pthread_mutex_lock(&graveyard);
}

static void after_fork(void)
{
    (void)pthread_mutex_unlock(&graveyard);
    (void)pthread_mutex_unlock(&registry);
}

static void after_fork_in_child(void)
{
    while (open_things != NULL) {
        take_out(open_things);
    }
    after_fork();
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* ---------------------------------------------------------- borrowed locals
 */

/* The oldest end of the running thread's stack; 0: unknown. */
static uintptr_t stack_top(void)
{
    pthread_attr_t attr;
    void *lowest;
    size_t size;
    if (mine.stack_top == 0 && pthread_getattr_np(pthread_self(), &attr) == 0) {
        if (pthread_attr_getstack(&attr, &lowest, &size) == 0) {
            mine.stack_top = (uintptr_t)lowest + size;
        }
        (void)pthread_attr_destroy(&attr);
    }
    return mine.stack_top;
}

void wefti_open_lend(wefti_open *o, const void *argument)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    uintptr_t address = (uintptr_t)argument;
    if (o == NULL || address <= frame || address >= stack_top() ||
        wefti_allowed(WEFT_LOCAL_ARGUMENT)) {
        return;
    }
    (void)pthread_mutex_lock(&registry);
    o->borrowed = argument;
    o->spawner = wefti_get_self();
    (void)pthread_mutex_unlock(&registry);
}

static bool is_dangling(const wefti_open *o, uintptr_t frame)
{
    return o->what != NULL && o->borrowed != NULL &&
           o->spawner == wefti_get_self() && (uintptr_t)o->borrowed < frame;
}

void wefti_check_borrows(const char *call, uintptr_t frame)
{
    (void)pthread_mutex_lock(&registry);
    const wefti_open *o = open_things;
    while (o != NULL && !is_dangling(o, frame)) {
        o = o->next;
    }
    const bool any = o != NULL;
    const void *place = any ? o->place : NULL;
    (void)pthread_mutex_unlock(&registry);
    if (any) {
        weft_panic("%s: the thread spawned at %s was given the address of a "
                   "local of a function that has returned since: join it in "
                   "that function, use WEFT_SCOPE, or give it memory of its "
                   "own",
                   call, wefti_place_of(place).where);
    }
}

/* -------------------------------------------------------- the process's end
 */

static bool is_forgotten(const wefti_open *o)
{
    return !o->left && !o->awaited;
}

static void describe(const wefti_open *o, char *text, size_t size)
{
    const bool is_pool = strcmp(o->what, "pool") == 0;
    const bool named = o->name[0] != '\0';
    (void)snprintf(text, size, "at exit: the %s%s%.32s%s %s at %s was %s",
                   o->what, named ? " '" : "", o->name, named ? "'" : "",
                   is_pool ? "created" : "spawned",
                   wefti_place_of(o->place).where,
                   is_pool ? "never freed" : "neither joined nor detached");
}

/* Tell of all but the oldest, whose description is left in `text`. */
static bool list_forgotten(char *text, size_t size)
{
    bool any = false;
    for (const wefti_open *o = open_things; o != NULL; o = o->next) {
        if (!is_forgotten(o)) {
            continue;
        }
        if (any) {
            wefti_tell("weft: %s\n", text);
        }
        describe(o, text, size);
        any = true;
    }
    return any;
}

/* What the process returns to its parent; 0 when the library is unloaded. glibc
 * hands it to the functions of __cxa_atexit as a second argument;
 * ThreadSanitizer does not hand it on, and reports forgotten threads itself. */
static int exit_status;

extern void __tsan_init(void) __attribute__((weak));
extern int __cxa_atexit(void (*fn)(void *), void *arg, void *dso);
extern void *__dso_handle __attribute__((visibility("hidden")));

static void note_status(void *unused, int status)
{
    (void)unused;
    exit_status = status;
}

__attribute__((constructor)) static void ask_for_status(void)
{
    void (*fn)(void *) = (void (*)(void *))(uintptr_t)note_status;
#ifdef __GLIBC__
    exit_status = __tsan_init != NULL || __cxa_atexit(fn, NULL, &__dso_handle);
#else
    (void)fn;
#endif
}

/* At exit, after the program's own destructors, and when the library is
 * unloaded: from here on nobody joins anything. A program that gives up, by a
 * status that says so, may leave things as they are. */
__attribute__((destructor(102))) static void look_for_forgotten(void)
{
    if (exit_status != 0 || wefti_allowed(WEFT_OPEN_AT_EXIT)) {
        return;
    }
    char text[WEFT_PANIC_MESSAGE_SIZE];
    (void)pthread_mutex_lock(&registry);
    bool any = list_forgotten(text, sizeof text);
    (void)pthread_mutex_unlock(&registry);
    if (any) {
        wefti_get_self()->catch_point = NULL; /* no way out of exit */
        weft_panic("%s", text);
    }
}

/* ----------------------------------------------------------- empty handles
 * A ring of the latest notes. Racy on purpose: a note that is being replaced
 * is at worst missing from a message. */

enum { NOTES = 256 };

typedef struct note {
    WEFT_ATOMIC(const void *) handle;
    WEFT_ATOMIC(const void *) place;
    WEFT_ATOMIC(const char *) verb;
} note;

static note notes[NOTES];
static weft_atomic_u32 next_note;

void wefti_emptied(const void *handle, const char *verb, const void *place)
{
    /* relaxed, all of the notes: hints for a message. */
    note *n = &notes[wefti_add_relaxed(&next_note, 1u) % NOTES];
    wefti_store_relaxed(&n->handle, (const void *)NULL);
    wefti_store_relaxed(&n->place, place);
    wefti_store_relaxed(&n->verb, verb);
    wefti_store_relaxed(&n->handle, handle);
}

void wefti_checked_moved(const void *handle)
{
    wefti_emptied(handle, "moved or dropped", WEFTI_HERE);
}

wefti_emptied_text wefti_emptied_where(const void *handle)
{
    wefti_emptied_text text = {{0}};
    /* relaxed, all: as above. */
    uint32_t newest = wefti_load_relaxed(&next_note);
    for (uint32_t i = 1; i <= NOTES; i++) {
        note *n = &notes[(newest - i) % NOTES];
        if (wefti_load_relaxed(&n->handle) == handle) {
            (void)snprintf(text.text, sizeof text.text, "; it was %s at %s",
                           wefti_load_relaxed(&n->verb),
                           wefti_place_of(wefti_load_relaxed(&n->place)).where);
            break;
        }
    }
    return text;
}

/* ------------------------------------------------------------- dead memory
 */

void weft_bury(void *memory, size_t size)
{
    memset(memory, WEFTI_TOMBSTONE, size);
}

/* What was freed last is kept, so that the tombstones can be read. Sanitizers
 * do this better. */
enum { GRAVES = 256, GRAVE_BYTES = 8 << 20 };

typedef struct grave {
    void *memory;
    size_t size;
    size_t align;
    wefti_release_fn *release;
} grave;

static grave graves[GRAVES]; /* guarded by graveyard; a ring */
static size_t oldest, buried, buried_bytes;

static void dig_up_oldest(void)
{
    grave g = graves[oldest];
    oldest = (oldest + 1) % GRAVES;
    buried--;
    buried_bytes -= g.size;
    g.release(g.memory, g.size, g.align, NULL);
}

void wefti_quarantine(void *memory, size_t size, size_t align,
                      wefti_release_fn *release)
{
    if (WEFT_ASAN || WEFT_TSAN || size > GRAVE_BYTES) {
        release(memory, size, align, NULL);
        return;
    }
    (void)pthread_mutex_lock(&graveyard);
    while (buried == GRAVES || buried_bytes + size > GRAVE_BYTES) {
        dig_up_oldest();
    }
    graves[(oldest + buried) % GRAVES] = (grave){memory, size, align, release};
    buried++;
    buried_bytes += size;
    (void)pthread_mutex_unlock(&graveyard);
}

#endif
