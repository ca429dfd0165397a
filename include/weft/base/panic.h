/* Panic: the way a broken rule ends, without taking the process with it. */
#ifndef WEFT_BASE_PANIC_H
#define WEFT_BASE_PANIC_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* Bytes of a panic's message, the final zero included; longer ones are cut
 * and end in "...". */
#define WEFT_PANIC_MESSAGE_SIZE 256

/* What is known about a panic once it has been caught. A plain value: it owns
 * nothing, and may be copied and kept. */
typedef struct weft_panic_info {
    char message[WEFT_PANIC_MESSAGE_SIZE];
    const char *file; /* a string literal of the code that panicked */
    int line;
} weft_panic_info;

/* Panic with a printf-style message: report it through the hook, then unwind
 * to the nearest catch point of this thread (weft_catch_unwind, the entry of a
 * weft thread, a scope, a pool job), running the cleanup attributes of every
 * frame that was built with -fexceptions. Locks held since that point are
 * released and poisoned in every case. Never returns.
 * Without a catch point, and from a cleanup that runs because of a panic, the
 * process aborts after the message. Does not allocate. */
#define weft_panic(...) weft_panic_at(__FILE__, __LINE__, __VA_ARGS__)
WEFT_API WEFT_NORETURN WEFT_COLD WEFT_PRINTF(3, 4) void weft_panic_at(
    const char *file, int line, const char *format, ...);

/* Panic unless `cond` holds; the message is the condition's own text. Always
 * on, unlike assert. A statement, which clang's thread-safety analysis follows:
 * weft_require(weft_mutex_lock(&m) == WEFT_OK) holds m afterwards. */
#define weft_require(cond)                                              \
    do {                                                                \
        if (WEFT_UNLIKELY(!(cond))) {                                   \
            weft_panic_at(__FILE__, __LINE__, "requirement failed: %s", \
                          #cond);                                       \
        }                                                               \
    } while (0)

/* Whether this thread is unwinding because of a panic. */
WEFT_API WEFT_NODISCARD bool weft_panicking(void);

/* Told of every panic before it unwinds, on the thread that panics; `thread`
 * is that thread's name. Cancellation is disabled meanwhile. If it panics
 * itself, the process aborts after the message. */
typedef void weft_panic_hook(const weft_panic_info *info, const char *thread);

/* Replace the hook, which by default writes one line to standard error;
 * returns the one before. NULL restores the default. Any thread, any time. */
WEFT_API weft_panic_hook *weft_panic_set_hook(weft_panic_hook *hook);

WEFT_END_DECLS

#endif
