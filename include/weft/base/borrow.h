/* Borrows: nobody moves a container while a reference into it is in use. */
#ifndef WEFT_BASE_BORROW_H
#define WEFT_BASE_BORROW_H

#include <weft/base/own.h>
#include <weft/base/panic.h>

WEFT_BEGIN_DECLS

/* A weft_borrow is a container's note of how many borrow from it, like the card
 * of a library book. A container of your own has one as a field. What gives out
 * references requires a borrow; what moves or frees them excludes any. At run
 * time a broken rule panics in every build; with clang's -Wthread-safety, which
 * reads the declarations, it is a warning.
 * Storage   the container's; all-zero bytes: nobody borrows.
 * Threads   none of its own: what protects the container protects this too.
 *
 *     typedef struct list { int *item; size_t n; weft_borrow borrow; } list;
 *
 *     const int *list_at(list *l, size_t i) WEFT_REQUIRES_SHARED(l->borrow)
 *     {
 *         weft_borrow_required(&l->borrow, "list_at");
 *         return &l->item[i];
 *     }
 *     void list_push(list *l, int v) WEFT_EXCLUDES(l->borrow)
 *     {
 *         weft_borrow_excluded(&l->borrow, "list_push");
 *         ...                            // invariant: no reference is out
 *     }
 *
 *     weft_borrow_begin(&l.borrow);
 *     const int *first = list_at(&l, 0); // good until the end
 *     weft_borrow_end(&l.borrow);
 *
 * The attributes stand on a declaration; `who` begins the panic's message. */
typedef struct WEFT_CAPABILITY("borrow") weft_borrow {
    size_t count;
} weft_borrow;

/* Borrow; nests. The analysis wants one at a time in each function. */
WEFT_INLINE void weft_borrow_begin(weft_borrow *b) WEFT_ACQUIRES_SHARED(*b);
WEFT_UNCHECKED WEFT_INLINE void weft_borrow_begin(weft_borrow *b)
{
    b->count++;
}

/* Give back. Panics if nobody borrows. */
WEFT_INLINE void weft_borrow_end(weft_borrow *b) WEFT_RELEASES_SHARED(*b);
WEFT_UNCHECKED WEFT_INLINE void weft_borrow_end(weft_borrow *b)
{
    if (WEFT_UNLIKELY(b->count == 0)) {
        weft_panic("weft_borrow_end: nothing is borrowed");
    }
    b->count--;
}

/* Panic unless somebody borrows. */
WEFT_INLINE void weft_borrow_required(const weft_borrow *b, const char *who)
    WEFT_REQUIRES_SHARED(*b);
WEFT_INLINE void weft_borrow_required(const weft_borrow *b, const char *who)
{
    if (WEFT_UNLIKELY(b->count == 0)) {
        weft_panic("%s: called without a borrow (weft_borrow_begin)", who);
    }
}

/* Panic if somebody borrows; but not while the thread panics anyway, since it
 * left the borrower without its end. */
WEFT_INLINE void weft_borrow_excluded(const weft_borrow *b, const char *who)
    WEFT_EXCLUDES(*b);
WEFT_INLINE void weft_borrow_excluded(const weft_borrow *b, const char *who)
{
    if (WEFT_UNLIKELY(b->count != 0) && !weft_panicking()) {
        weft_panic("%s: a reference into the container is borrowed (%zu)", who,
                   b->count);
    }
}

WEFT_END_DECLS

#endif
