/* Where weft's memory comes from. */
#ifndef WEFT_BASE_ALLOC_H
#define WEFT_BASE_ALLOC_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* The pair of functions behind every allocation of weft.
 * `alloc` returns `size` bytes (never 0) aligned to `align` (a power of two,
 * at least that of a pointer), or NULL. `free` takes back what alloc returned,
 * with the same size and align. Both are called from any thread, and must
 * neither panic nor call weft. `user` is handed to both. */
typedef struct weft_allocator {
    void *(*alloc)(size_t size, size_t align, void *user);
    void (*free)(void *memory, size_t size, size_t align, void *user);
    void *user;
} weft_allocator;

/* Use `a` from now on (a copy is kept); NULL restores malloc and free. Call it
 * before anything else of weft, or when all that weft allocated has been given
 * back: memory is freed by the allocator of that moment. A thread that has
 * locked something keeps a record until it ends, the main thread to the end of
 * the process. No other call of weft may run at the same time. */
WEFT_API void weft_set_allocator(const weft_allocator *a);

WEFT_END_DECLS

#endif
