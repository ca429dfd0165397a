/* A parker holds at most one permission to go on.
 * unpark leaves the permission; park waits for it and takes it. One thread
 * parks, any thread unparks. All-zero bytes are an idle parker.
 * Ordering  what came before unpark is visible after the park that it ended. */
#ifndef WEFT_SRC_BASE_PARK_H
#define WEFT_SRC_BASE_PARK_H

#include <weft/base/atomic.h>
#include <weft/base/time.h>

typedef struct wefti_parker {
    weft_atomic_u32 state; /* states in park.c */
} wefti_parker;

/* Wait for the permission and take it. Never returns without it unless the
 * deadline passes. true: taken. false: the deadline came first. */
bool wefti_parker_park_until(wefti_parker *p, weft_deadline d);

/* Leave the permission, waking the owner if it is parked. The parker's memory
 * must outlive the call. */
void wefti_parker_unpark(wefti_parker *p);

#endif
