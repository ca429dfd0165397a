/* Threads of the explored program as coroutines of one kernel thread. Each has
 * its own stack and its own thread-local storage: that of a real thread which
 * sleeps for ever and only lends it, so that thread-local variables, errno and
 * pthread_self are right in a fiber, and have different addresses in each. */
#ifndef WEFT_SRC_MODEL_FIBER_H
#define WEFT_SRC_MODEL_FIBER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct wefti_fiber {
    void *sp;  /* where it stands, while it does not run */
    void *tls; /* the thread pointer */
    char *low; /* its stack */
    char *high;
    pthread_t lender;
} wefti_fiber;

/* Make the fibers' stacks and lenders, once in each process. false: the
 * system has no memory or threads for them. */
bool wefti_fiber_setup(void);

/* The fiber of a slot (below WEFTI_MODEL_THREADS), ready to run `entry` from
 * the top of its stack. `entry` must not return. */
wefti_fiber *wefti_fiber_start(uint32_t slot, void (*entry)(void));

/* The fiber that the caller runs on when it is none: the exploring thread. */
wefti_fiber *wefti_fiber_outside(void);

/* Leave `from`, which is running, and go on with `to`. */
void wefti_fiber_switch(wefti_fiber *from, wefti_fiber *to);

/* The slot on whose stack the address lies, or below where it ends; or -1. */
int wefti_fiber_of_address(uintptr_t address);

wefti_fiber *wefti_fiber_of_slot(uint32_t slot);

#endif
