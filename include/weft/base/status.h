/* How a call of weft ended: the one way to fail that is expected. */
#ifndef WEFT_BASE_STATUS_H
#define WEFT_BASE_STATUS_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* The outcome of a call that can fail for a reason its caller must handle.
 * Misuse is not among them: it panics. Values are part of the ABI. */
typedef enum weft_status {
    WEFT_OK = 0,
    WEFT_TIMEOUT = 1,   /* the deadline came first */
    WEFT_BUSY = 2,      /* a _try form would have had to wait */
    WEFT_POISONED = 3,  /* a holder panicked; the lock is not held */
    WEFT_CLOSED = 4,    /* the other end of the channel is gone */
    WEFT_FULL = 5,      /* no room now */
    WEFT_EMPTY = 6,     /* nothing to take now */
    WEFT_PANICKED = 7,  /* the code that was called panicked */
    WEFT_EXITED = 8,    /* the thread left by pthread_exit or cancellation */
    WEFT_NO_MEMORY = 9, /* an allocation failed; nothing was changed */
    WEFT_NO_RESOURCES = 10, /* the system refused a thread or the like */
    WEFT_OVERFLOW = 11,     /* the result does not fit its type */
    WEFT_INVALID = 12,      /* an argument from outside the program is wrong */
} weft_status;

/* clang's thread-safety analysis follows `if (lock(m) != WEFT_OK)` only when
 * the constant is a literal. */
#if defined(__clang__) && !defined(__cplusplus)
#define WEFT_OK 0
#endif

/* A short English sentence for a status, without a full stop. Never NULL, also
 * for a value that is none. Neither blocks nor allocates. */
WEFT_API WEFT_NODISCARD const char *weft_status_str(weft_status status);

/* The version of the headers, and of the library that is running. */
#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0
#define WEFT_VERSION_STRING "0.1.0"

/* "major.minor.patch" of the library linked in. */
WEFT_API WEFT_NODISCARD const char *weft_version(void);

WEFT_END_DECLS

#endif
