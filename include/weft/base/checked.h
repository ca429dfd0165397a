/* What a program can say to the checked build. In other builds, nothing.
 *
 * A library configured with WEFT_CHECKED, as Debug builds are, keeps books on
 * locks, threads and handles, and panics where a mistake is certain or a
 * deadlock is possible. docs/checked.md lists what it sees, and its limits. */
#ifndef WEFT_BASE_CHECKED_H
#define WEFT_BASE_CHECKED_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* What is sound in some programs, and what they allow by WEFT_ALLOW. */
enum {
    /* to take locks in an order that another thread might reverse */
    WEFT_LOCK_INVERSION = 1,
    /* to wait for a thread or a scope while holding a lock */
    WEFT_HELD_JOIN = 2,
    /* to exit while threads are not joined, or pools not freed */
    WEFT_OPEN_AT_EXIT = 4,
    /* to hand a thread a local that it is done with before its frame ends */
    WEFT_LOCAL_ARGUMENT = 8,
};

/* WEFT_ALLOW(WEFT_HELD_JOIN) { ... } switches the named checks (or'ed) off for
 * this thread until the block is left, by whatever way. Nests. Say why:
 *
 *     // Nobody but this function takes `once`.
 *     WEFT_ALLOW(WEFT_HELD_JOIN) {
 *         s = weft_thread_join(&t, &end);
 *     }
 */
#define WEFT_ALLOW(what) WEFTI_ALLOW(what, WEFT_PASTE(weft_allowed_, __LINE__))
#if WEFT_CHECKED
#define WEFTI_ALLOW(what, a)                               \
    for (wefti_allowance a WEFT_CLEANUP(wefti_allow_end) = \
             wefti_allow_begin(what);                      \
         a.open; a.open = false)
#else
#define WEFTI_ALLOW(what, a) for (bool a = (what) != 0; a; a = false)
#endif

/* Declare [memory, memory + size) dead, as weft does with what it frees: fill
 * it so that a lock used there afterwards panics. For memory of your own that
 * holds locks, before you give it back. */
#if WEFT_CHECKED
WEFT_API void weft_bury(void *memory, size_t size);
#else
WEFT_INLINE void weft_bury(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
#endif

/* ------------------------------------------------------------------ private
 */

#if WEFT_CHECKED
typedef struct wefti_allowance {
    uint32_t before;
    bool open;
} wefti_allowance;
WEFT_API wefti_allowance wefti_allow_begin(uint32_t what);
WEFT_API void wefti_allow_end(wefti_allowance *a);

/* The next lock that this thread takes at this address is called `name`. */
WEFT_API void wefti_checked_name(const void *lock, const char *name);

/* The handle has just been moved from. */
WEFT_API void wefti_checked_moved(const void *handle);

/* As a statement of inlined code: only in the checked build. */
#define WEFTI_CHECKED(statement) statement
#else
#define WEFTI_CHECKED(statement) ((void)0)
#endif

WEFT_END_DECLS

#endif
