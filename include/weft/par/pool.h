/* A pool: the threads that share out the work of tasks and loops. */
#ifndef WEFT_PAR_POOL_H
#define WEFT_PAR_POOL_H

#include <weft/base/status.h>

WEFT_BEGIN_DECLS

/* A weft_pool is a team of N workers: N - 1 threads of its own, and the thread
 * that brings the work, which takes part.
 *
 * Most programs never name one: tasks and loops that are used outside every
 * pool run in the default pool, which starts with the first piece of work that
 * is worth sharing. It has as many workers as the environment variable
 * WEFT_NUM_WORKERS says, else as the process may use processors, and stops at
 * exit and when the library is unloaded.
 *
 * Storage   the library's; one owner.
 * Threads   any thread may install work, several at a time (at most 16 take
 *           part in sharing it; more work alone). An idle pool sleeps.
 * Fork      the child may go on using pools, whose threads start anew with the
 *           first use. A fork in the middle of a task or loop may not return
 *           from it in the child: exec or _exit there. */
typedef struct weft_pool weft_pool;

typedef struct weft_pool_config {
    size_t workers;    /* 0: as many as the process may use processors */
    size_t stack_size; /* of each thread, as in weft_thread_options */
    const char *name;  /* of the threads, with a number; NULL: "weft" */
} weft_pool_config;

/* Start a pool; NULL for config means all zero. Blocks for the start of the
 * threads. If the system refuses some of them, the pool works with the others,
 * at worst with the caller alone.
 * WEFT_OK: *pool is the caller's, to be given to weft_pool_free.
 * WEFT_NO_MEMORY: *pool is NULL. */
WEFT_API WEFT_NODISCARD weft_status
weft_pool_create(weft_pool **pool, const weft_pool_config *config);

/* Stop the threads and free the pool. Blocks until each has ended. Panics if
 * work is still installed. NULL is ignored. */
WEFT_API void weft_pool_free(weft_pool *pool);

/* Call fn(arg) on this thread, as a worker of the pool: all tasks and loops in
 * it share this pool's threads and no others. Nests, also back and forth
 * between pools, and never waits for a worker to become free.
 * WEFT_OK: fn returned.  WEFT_PANICKED: it panicked. */
WEFT_API WEFT_NODISCARD weft_status weft_pool_install(weft_pool *pool,
                                                      void (*fn)(void *arg),
                                                      void *arg);

/* How many workers the pool has, the thread that installs work among them;
 * for NULL: the pool that this thread works in, else the default pool. */
WEFT_API WEFT_NODISCARD size_t weft_pool_workers(const weft_pool *pool);

WEFT_END_DECLS

#endif
