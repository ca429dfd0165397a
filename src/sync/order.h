/* The graph of lock orders: an arrow from A to B for each time that a thread
 * which held A waited for B. Checked build only. A circle of arrows is a
 * deadlock that only needs the right moment. */
#ifndef WEFT_SRC_SYNC_ORDER_H
#define WEFT_SRC_SYNC_ORDER_H

#include <weft/base/atomic.h>

#if WEFT_CHECKED

typedef struct wefti_order_lock {
    weft_atomic_u32 *word; /* see lockdep.h */
    const char *name;
    const void *place; /* where it was taken, or is about to be */
} wefti_order_lock;

/* This thread holds held[0, count) and is about to wait for *next: remember
 * it, and panic if that closes a circle. Does not allocate. */
void wefti_order_check(const wefti_order_lock *held, uint32_t count,
                       const wefti_order_lock *next);

#endif

#endif
