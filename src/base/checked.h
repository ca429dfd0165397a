/* The books of the checked build that no single concept owns: what is open,
 * which handles were moved from, what memory is dead. In other builds nothing
 * of this exists; WEFTI_CHECKED (<weft/base/checked.h>) makes its callers
 * vanish. */
#ifndef WEFT_SRC_BASE_CHECKED_H
#define WEFT_SRC_BASE_CHECKED_H

#include <weft/base/checked.h>

#if WEFT_CHECKED

#include "base/place.h"

/* A public function that calls another one hands on the place where it was
 * called itself: the inner one asks, and gets its own `place` otherwise. */
void wefti_checked_from(const void *place);
WEFT_NODISCARD const void *wefti_checked_whence(const void *place);

/* Whether this thread is inside WEFT_ALLOW for one of `what`. */
WEFT_NODISCARD bool wefti_allowed(uint32_t what);

/* The name announced for the lock by wefti_checked_name, or `otherwise`. */
WEFT_NODISCARD const char *wefti_checked_name_of(const void *lock,
                                                 const char *otherwise);

/* ---------------------------------------------------------- what is open
 * Threads not joined and pools not freed. A node lies in the thing itself. */

typedef struct wefti_open {
    struct wefti_open *next; /* all fields: guarded by the registry's lock */
    struct wefti_open *before;
    const char *what; /* "thread", "pool"; NULL: not in the list */
    const char *name; /* "" if none */
    const void *place;
    const void *borrowed; /* a local of the spawner that the thread uses */
    const void *spawner;  /* the spawner's wefti_self */
    bool left;            /* detached: only `borrowed` matters */
    bool ended;           /* the thread has come to its end */
    bool awaited;         /* somebody waits for its end */
} wefti_open;

/* Write down something that must be closed, and take it out again; the second
 * is for any thread, and without effect if it is not in. */
void wefti_open_add(wefti_open *o, const char *what, const char *name,
                    const void *place);
void wefti_open_remove(wefti_open *o);

/* Nobody will join it any more: a thread that borrows nothing is taken out. */
void wefti_open_leave(wefti_open *o);

/* It has come to its end; one that nobody will join is taken out. */
void wefti_open_end(wefti_open *o);

/* Somebody waits for its end, or not any more: not forgotten. */
void wefti_open_await(wefti_open *o, bool waits);

/* `argument` was handed to the thread: remember it if it points into the stack
 * of the running thread, above this call's frame. NULL for o: no thread. */
void wefti_open_lend(wefti_open *o, const void *argument);

/* Panic if a thread that this one spawned, and that is neither joined nor at
 * its end after a detach, was lent a local of a frame that is gone by now: one
 * below `frame`, which is the public function's own. */
void wefti_check_borrows(const char *call, uintptr_t frame);
#define WEFTI_FRAME ((uintptr_t)__builtin_frame_address(0))

/* ------------------------------------------------------- handles, memory */

/* ": it was joined at x.c:7" if the handle is known to have been emptied, else
 * "". `verb` of the note is a string literal. */
void wefti_emptied(const void *handle, const char *verb, const void *place);
typedef struct wefti_emptied_text {
    char text[WEFTI_PLACE_TEXT + 40];
} wefti_emptied_text;
wefti_emptied_text wefti_emptied_where(const void *handle);

/* The bytes of memory that was given back. */
#define WEFTI_TOMBSTONE 0xd5
#define WEFTI_TOMBSTONE32 0xd5d5d5d5u
#define WEFTI_TOMBSTONE64 0xd5d5d5d5d5d5d5d5u

WEFT_NODISCARD static inline bool wefti_is_dead(uintptr_t word)
{
    return word == (uintptr_t)WEFTI_TOMBSTONE64;
}

/* Keep [memory, memory + size) for a while before it is really freed, by
 * release(...) with the same arguments. */
typedef void wefti_release_fn(void *memory, size_t size, size_t align,
                              void *user);
void wefti_quarantine(void *memory, size_t size, size_t align,
                      wefti_release_fn *release);

/* Write to standard error, printf-style. Keeps errno; no cancellation point. */
WEFT_PRINTF(1, 2) void wefti_tell(const char *format, ...);

#endif

#endif
