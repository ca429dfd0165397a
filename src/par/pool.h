/* What a pool consists of. */
#ifndef WEFT_SRC_PAR_POOL_H
#define WEFT_SRC_PAR_POOL_H

#include "base/checked.h"
#include "par/worker.h"

/* Threads from outside at work at a time. Under the explorer one: every place
 * is looked at by every thief. */
#ifdef WEFT_MODEL
enum { WEFTI_POOL_GUESTS = 1 };
#else
enum { WEFTI_POOL_GUESTS = 16 };
#endif

enum {
    WEFTI_POOL_WORKERS = 1024, /* at most */
    WEFTI_POOL_NAME_SIZE = 10, /* leaves room for "-1023" in 16 bytes */
    WEFTI_POOL_EXIT_MS = 100,  /* patience with busy workers at exit */
};

/* Members [0, threads) are the pool's own, the rest are places for guests.
 * All is constant after creation but where noted. */
struct weft_pool {
    size_t threads;
    size_t size; /* threads + WEFTI_POOL_GUESTS */
    size_t stack_size;
    char name[WEFTI_POOL_NAME_SIZE];
    weft_pool *next;         /* guarded by the lifecycle lock */
    weft_atomic_u32 dormant; /* threads are to be started; after fork too */
    weft_atomic_u32 stopping;
#if WEFT_CHECKED
    wefti_open open; /* not of the default pool */
#endif
    wefti_member members[];
};

/* The default pool, created if need be. NULL: out of memory, or the process is
 * at its end. In both cases wefti_pool_default_done must follow, and until then
 * the pool's memory stays; after that, as long as the caller has a place in it.
 */
WEFT_NODISCARD weft_pool *wefti_pool_default(void);
void wefti_pool_default_done(void);

/* At exit, and before the library is unloaded: no thread may be left that
 * would run its code. Blocks for a moment at most: one that is busy with the
 * program's own code is left to the end of the process. */
void wefti_pool_stop_default(void);

/* How many workers the environment's word asks for, if it is a number in
 * range; 0: none, or as many as weft thinks fit. `text` may be NULL. */
size_t wefti_pool_wish(const char *text);

/* Start the threads of a dormant pool: as many as the system allows. */
void wefti_pool_start(weft_pool *pool);

#endif
