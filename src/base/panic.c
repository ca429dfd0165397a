/* Raising a panic: the message, the hook, and the two cases without a way
 * out. How the stack is left is unwind.c's business. */
#include <weft/base/panic.h>

#include "base/catch.h"
#include "base/record.h"
#include "base/sanitizer.h"

#include <weft/base/atomic.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 2 * WEFT_PANIC_MESSAGE_SIZE + 256 };

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* nobody left to tell */
        }
        text += written;
        length -= (size_t)written;
    }
}

void wefti_die(const char *message)
{
    /* write is a cancellation point, and there must be no way out but abort. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    char line[LINE_SIZE];
    int length = snprintf(line, sizeof line, "weft: %s; aborting\n", message);
    write_all(line,
              length < (int)sizeof line ? (size_t)length : sizeof line - 1);
    abort();
}

static void report(const weft_panic_info *info, const char *thread)
{
    char line[LINE_SIZE];
    int length =
        snprintf(line, sizeof line, "weft: thread '%s' panicked at %s:%d: %s\n",
                 thread, info->file, info->line, info->message);
    write_all(line,
              length < (int)sizeof line ? (size_t)length : sizeof line - 1);
}

static WEFT_ATOMIC(weft_panic_hook *) hook;

weft_panic_hook *weft_panic_set_hook(weft_panic_hook *next)
{
    wefti_tsan_release(&hook); /* [panic.hook] */
    /* acq_rel [panic.hook]: the hook finds what was set up for it. */
    weft_panic_hook *before = wefti_swap_acq_rel(&hook, next);
    wefti_tsan_acquire(&hook); /* [panic.hook] */
    return before;
}

/* What hooks do, such as writing, is a cancellation point; a thread that is to
 * be cancelled would exit instead of panicking. */
static void call_hook(const weft_panic_info *info)
{
    wefti_self *self = wefti_get_self();
    int saved = errno;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    char thread[16] = "?";
    (void)pthread_getname_np(pthread_self(), thread, sizeof thread);
    /* acquire [panic.hook]: finds what its installer set up. */
    weft_panic_hook *installed = wefti_load_acquire(&hook);
    wefti_tsan_acquire(&hook); /* [panic.hook] */
    if (self->reporting != 0) {
        report(info, thread);
        wefti_die("the panic hook panicked");
    }
    self->reporting++;
    (installed != NULL ? installed : report)(info, thread);
    self->reporting--;
    errno = saved;
    (void)pthread_setcancelstate(cancel, NULL);
}

static void die_twice(const char *first, const char *second)
{
    char message[LINE_SIZE];
    (void)snprintf(message, sizeof message,
                   "panic while panicking, in a cleanup: \"%s\" during \"%s\"",
                   second, first);
    wefti_die(message);
}

static void format_message(weft_panic_info *info, const char *format,
                           va_list args)
{
    int length = vsnprintf(info->message, sizeof info->message, format, args);
    if (length >= (int)sizeof info->message) {
        memcpy(info->message + sizeof info->message - 4, "...", 4);
    }
}

void weft_panic_at(const char *file, int line, const char *format, ...)
{
    weft_panic_info info;
    va_list args;
    va_start(args, format);
    format_message(&info, format, args);
    va_end(args);
    info.file = file;
    info.line = line;
    call_hook(&info);

    wefti_self *self = wefti_get_self();
    wefti_catch *point = self->catch_point;
    if (point == NULL) {
        wefti_die("panic outside of any weft thread or weft_catch_unwind");
    }
    if (self->panicking > point->panicking) {
        die_twice(point->info.message, info.message);
    }
    point->info = info;
    self->panicking++;
    wefti_held_doom_from(point->held);
    wefti_unwind_to(point);
}

bool weft_panicking(void)
{
    return wefti_get_self()->panicking > 0;
}
