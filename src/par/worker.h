/* A member of a pool: one of its threads, or a guest that works along. */
#ifndef WEFT_SRC_PAR_WORKER_H
#define WEFT_SRC_PAR_WORKER_H

#include <weft/par/job.h>
#include <weft/par/pool.h>

#include "base/park.h"

#include <pthread.h>

typedef struct wefti_member {
    wefti_worker worker; /* first: what wefti_this_worker points to */
    weft_pool *pool;     /* constant after init */
    uint32_t index;      /* constant after init; its place in the pool */

    /* owner only */
    wefti_worker *outer; /* what the thread was before it entered */
    wefti_job *entry;    /* the fork at whose join a guest leaves, or NULL */
    uint32_t victim;     /* where the last theft succeeded */

    /* guarded by the pool's lifecycle lock */
    pthread_t thread; /* valid while started, or while taken */
    bool started;     /* a thread of the pool runs here */

    /* atomic, written by others too */
    weft_atomic_u32 taken WEFT_ALIGNED(WEFT_CACHE_LINE); /* a guest is here */
    weft_atomic_u32 asleep;   /* idle, and parked or about to; sleep.c */
    weft_atomic_u32 follower; /* 1 + index of who would help; sleep.c */
    weft_atomic_u32 gone;     /* the thread touches nothing any more */
    wefti_parker parker;
} wefti_member;

static inline wefti_member *wefti_this_member(void)
{
    return (wefti_member *)(void *)wefti_this_worker;
}

/* The thread function of a pool's own thread. */
void *wefti_worker_main(void *member);

/* Let the calling thread work in the pool until wefti_guest_leave. NULL: there
 * is no room, or no pool (pool may be NULL). Allocates only to start a pool. */
WEFT_NODISCARD wefti_member *wefti_guest_enter(weft_pool *pool);
void wefti_guest_leave(wefti_member *m);

/* The same in the default pool, for a frame that a panic may cross: the record
 * of held locks is told, and leaves for it. `depth`: an object in the frame. */
WEFT_NODISCARD wefti_member *wefti_guest_enter_default(const void *depth);
void wefti_guest_leave_default(wefti_member *m);

#endif
