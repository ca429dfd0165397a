/* Pools: how they start, stop, and survive fork, exit and unloading. */
#include "par/pool.h"

#include "base/alloc.h"
#include "base/futex.h"
#include "base/sanitizer.h"
#include "thread/state.h"

#include <weft/base/panic.h>
#include <weft/base/unwind.h>
#include <weft/thread/cpu.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Guards the list of pools, the default pool's creation, and every start and
 * stop: rare things all. A fork takes it, so that the child finds it free. */
static pthread_mutex_t lifecycle = PTHREAD_MUTEX_INITIALIZER;
static weft_pool *pools;  /* guarded by lifecycle */
static bool process_ends; /* guarded by lifecycle */
static WEFT_ATOMIC(weft_pool *) default_pool;

/* Threads between asking for the default pool's address and having a place in
 * it, where in_use sees them. The end of the process does not wait for detached
 * threads, and must not take the memory away under one that has yet to claim.
 */
static weft_atomic_u32 callers;

static size_t pool_bytes(size_t threads)
{
    return sizeof(weft_pool) +
           (threads + WEFTI_POOL_GUESTS) * sizeof(wefti_member);
}

/* Hidden like its making: the program never sees a pool's memory. */
static void discard(weft_pool *pool)
{
    wefti_tsan_hide();
    wefti_free(pool, pool_bytes(pool->threads), WEFT_CACHE_LINE);
    wefti_tsan_show();
}

size_t wefti_pool_wish(const char *text)
{
    if (text == NULL || *text < '0' || *text > '9') {
        return 0;
    }
    char *end;
    const int saved = errno;
    unsigned long wish = strtoul(text, &end, 10);
    errno = saved;
    return *end == '\0' && wish <= WEFTI_POOL_WORKERS ? wish : 0;
}

/* ------------------------------------------------------ threads, lifecycle
 * held */

static bool start_thread(weft_pool *pool, wefti_member *m)
{
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    bool ok = pool->stack_size == 0 ||
              pthread_attr_setstacksize(
                  &attr, wefti_thread_stack_size(pool->stack_size)) == 0;
    ok = ok && pthread_create(&m->thread, &attr, wefti_worker_main, m) == 0;
    (void)pthread_attr_destroy(&attr);
    if (ok) {
        char name[16];
        (void)snprintf(name, sizeof name, "%s-%u", pool->name,
                       (m->index + 1) % 10000);
        (void)pthread_setname_np(m->thread, name);
    }
    return ok;
}

/* Signals from outside are for the program's own threads. Those that a body
 * raises itself, by what it does, must reach the program's handlers. */
static sigset_t foreign_signals(void)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigset_t set;
    (void)sigfillset(&set);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        (void)sigdelset(&set, own[i]);
    }
    return set;
}

static void start_threads(weft_pool *pool)
{
    const sigset_t foreign = foreign_signals();
    sigset_t before;
    (void)pthread_sigmask(SIG_SETMASK, &foreign, &before);
    for (size_t i = 0; i < pool->threads; i++) {
        wefti_member *m = &pool->members[i];
        /* relaxed: taken by a thread that forked this process in a task. */
        if (!m->started && wefti_load_relaxed(&m->taken) == 0) {
            m->started = start_thread(pool, m);
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void wefti_pool_start(weft_pool *pool)
{
    (void)pthread_mutex_lock(&lifecycle);
    if (wefti_load_relaxed(&pool->dormant)) { /* relaxed: under the lock */
        wefti_deque_prepare();
        if (!process_ends) {
            start_threads(pool);
        }
        /* release [pool.dormant]: the asymmetric fence is ready. */
        wefti_store_release(&pool->dormant, 0u);
    }
    (void)pthread_mutex_unlock(&lifecycle);
}

/* Join the threads that end before the deadline. A thread of the pool that is
 * itself on the way out of the process is not waited for. */
static bool stop_threads(weft_pool *pool, weft_deadline d)
{
    bool all = true;
    /* relaxed: handed over by the permissions to wake up. */
    wefti_store_relaxed(&pool->stopping, 1u);
    for (size_t i = 0; i < pool->threads; i++) {
        wefti_parker_unpark(&pool->members[i].parker);
    }
    for (size_t i = 0; i < pool->threads; i++) {
        wefti_member *m = &pool->members[i];
        bool gone = m->started && !pthread_equal(m->thread, pthread_self());
        /* relaxed: the join below orders. */
        while (gone && wefti_load_relaxed(&m->gone) == 0) {
            gone = wefti_futex_wait_until(&m->gone, 0, d);
        }
        if (gone) {
            (void)pthread_join(m->thread, NULL);
            m->started = false;
        }
        all = all && !m->started;
    }
    return all;
}

static bool in_use(const weft_pool *pool)
{
    for (size_t i = pool->threads; i < pool->size; i++) {
        /* acquire [member.taken]: the guest has left for good. */
        if (wefti_load_acquire(&pool->members[i].taken) != 0) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ fork and exit
 */

static void before_fork(void)
{
    (void)pthread_mutex_lock(&lifecycle);
}

static void after_fork_parent(void)
{
    (void)pthread_mutex_unlock(&lifecycle);
}

/* In the child only the calling thread is left: every place but its own is
 * vacant, and what it was stealing or sleeping on is void. */
static void after_fork_child(void)
{
    wefti_store_relaxed(&callers, 0u); /* relaxed: as below */
    for (weft_pool *pool = pools; pool != NULL; pool = pool->next) {
        for (size_t i = 0; i < pool->size; i++) {
            wefti_member *m = &pool->members[i];
            /* relaxed, all: the process has one thread. */
            bool lives = m->started || wefti_load_relaxed(&m->taken) != 0;
            bool mine = lives && pthread_equal(m->thread, pthread_self());
            m->started = false;
            wefti_store_relaxed(&m->taken, mine ? 1u : 0u);
            wefti_store_relaxed(&m->asleep, 0u);
            wefti_store_relaxed(&m->follower, 0u);
            wefti_store_relaxed(&m->gone, 0u);
            if (!mine) {
                memset(&m->worker, 0, sizeof m->worker);
                memset(&m->parker, 0, sizeof m->parker);
            }
        }
        wefti_store_relaxed(&pool->dormant, 1u);
    }
    (void)pthread_mutex_unlock(&lifecycle);
}

/* Not at the first pool: a fork that is already under way then would not take
 * the lock, and might copy it locked. Of this priority, before the constructors
 * of the program, which may use pools. */
__attribute__((constructor(101))) static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

static void enlist(weft_pool *pool)
{
    pool->next = pools;
    pools = pool;
}

static void delist(weft_pool *pool)
{
    weft_pool **link = &pools;
    while (*link != pool) {
        link = &(*link)->next;
    }
    *link = pool->next;
}

/* At exit, and before the library is unloaded: no thread may be left that
 * would run its code. One that is busy with the program's own code at exit is
 * left to the end of the process, and so is the pool's memory if some thread is
 * in it or on its way. */
__attribute__((destructor)) void wefti_pool_stop_default(void)
{
    (void)pthread_mutex_lock(&lifecycle);
    process_ends = true;
    weft_pool *pool = wefti_load_relaxed(&default_pool); /* relaxed: locked */
    (void)pthread_mutex_unlock(&lifecycle);
    if (pool == NULL) {
        return;
    }
    bool stopped =
        stop_threads(pool, weft_deadline_after_ms(WEFTI_POOL_EXIT_MS));
    /* seq_cst [pool.callers]: the end stores the address, then reads the
     * count; a caller counts itself, then reads the address. */
    wefti_store_seq_cst(&default_pool, (weft_pool *)NULL);
    bool deserted = wefti_load_seq_cst(&callers) == 0 && !in_use(pool);
    if (stopped && deserted) {
        (void)pthread_mutex_lock(&lifecycle);
        delist(pool);
        (void)pthread_mutex_unlock(&lifecycle);
        discard(pool);
    }
}

/* -------------------------------------------------------------- life itself
 */

#if WEFT_CHECKED
static void check_pool(const weft_pool *pool, const char *call)
{
    if (pool != NULL && wefti_is_dead(pool->threads)) {
        weft_panic("%s: the pool has been given to weft_pool_free before",
                   call);
    }
}
#endif

static weft_pool *create(const weft_pool_config *config)
{
    size_t workers =
        config->workers != 0 ? config->workers : weft_cpu_parallelism();
    if (workers > WEFTI_POOL_WORKERS) {
        workers = WEFTI_POOL_WORKERS;
    }
    wefti_tsan_hide();
    weft_pool *pool =
        wefti_alloc_zeroed(pool_bytes(workers - 1), WEFT_CACHE_LINE);
    wefti_tsan_show();
    if (pool == NULL) {
        return NULL;
    }
    pool->threads = workers - 1;
    pool->size = pool->threads + WEFTI_POOL_GUESTS;
    pool->stack_size = config->stack_size;
    (void)snprintf(pool->name, sizeof pool->name, "%s",
                   config->name != NULL ? config->name : "weft");
    for (size_t i = 0; i < pool->size; i++) {
        pool->members[i].pool = pool;
        pool->members[i].index = (uint32_t)i;
    }
    wefti_store_relaxed(&pool->dormant, 1u); /* relaxed: not shared yet */
    return pool;
}

weft_status weft_pool_create(weft_pool **pool, const weft_pool_config *config)
{
    weft_pool_config nothing = {0};
    *pool = create(config != NULL ? config : &nothing);
    if (*pool == NULL) {
        return WEFT_NO_MEMORY;
    }
    (void)pthread_mutex_lock(&lifecycle);
    enlist(*pool);
    (void)pthread_mutex_unlock(&lifecycle);
    wefti_pool_start(*pool);
    WEFTI_CHECKED(
        wefti_open_add(&(*pool)->open, "pool", (*pool)->name, WEFTI_HERE));
    return WEFT_OK;
}

void weft_pool_free(weft_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    WEFTI_CHECKED(check_pool(pool, "weft_pool_free"));
    if (in_use(pool)) {
        weft_panic("weft_pool_free: work is still installed in the pool");
    }
    WEFTI_CHECKED(wefti_open_remove(&pool->open));
    (void)pthread_mutex_lock(&lifecycle);
    delist(pool);
    (void)pthread_mutex_unlock(&lifecycle);
    (void)stop_threads(pool, WEFT_FOREVER);
    discard(pool);
}

static WEFT_COLD weft_pool *create_default(void)
{
    weft_pool_config config = {.workers =
                                   wefti_pool_wish(getenv("WEFT_NUM_WORKERS"))};
    (void)pthread_mutex_lock(&lifecycle);
    weft_pool *pool = wefti_load_relaxed(&default_pool); /* relaxed: locked */
    if (pool == NULL && !process_ends && (pool = create(&config)) != NULL) {
        enlist(pool);
        /* release [pool.default]: the pool's contents. */
        wefti_store_release(&default_pool, pool);
    }
    (void)pthread_mutex_unlock(&lifecycle);
    return pool;
}

weft_pool *wefti_pool_default(void)
{
    /* seq_cst [pool.callers]: before the address is read. */
    (void)wefti_add_seq_cst(&callers, 1);
    /* acquire [pool.default]: the pool's contents. seq_cst [pool.callers]. */
    weft_pool *pool = wefti_load_seq_cst(&default_pool);
    return WEFT_LIKELY(pool != NULL) ? pool : create_default();
}

void wefti_pool_default_done(void)
{
    /* release [pool.callers]: the place, if this thread took one, is seen as
     * taken by who sees nobody counted. */
    (void)wefti_sub_release(&callers, 1);
}

/* ------------------------------------------------------------------ visits */

static void leave(wefti_member **m)
{
    wefti_guest_leave(*m);
}

/* No place is free: work alone, in a deque that nobody else knows. */
static WEFT_COLD weft_status install_alone(weft_pool *pool,
                                           void (*fn)(void *arg), void *arg)
{
    wefti_member alone;
    memset(&alone, 0, sizeof alone);
    alone.pool = pool;
    alone.outer = wefti_this_worker;
    wefti_this_worker = &alone.worker;
    wefti_member *m WEFT_CLEANUP(leave) WEFT_UNUSED = &alone;
    return weft_catch_unwind(fn, arg, NULL);
}

weft_status weft_pool_install(weft_pool *pool, void (*fn)(void *arg), void *arg)
{
    WEFTI_CHECKED(check_pool(pool, "weft_pool_install"));
    if (wefti_this_worker != NULL && wefti_this_member()->pool == pool) {
        return weft_catch_unwind(fn, arg, NULL);
    }
    wefti_member *entered = wefti_guest_enter(pool);
    if (entered == NULL) {
        return install_alone(pool, fn, arg);
    }
    wefti_member *m WEFT_CLEANUP(leave) WEFT_UNUSED = entered;
    return weft_catch_unwind(fn, arg, NULL);
}

size_t weft_pool_workers(const weft_pool *pool)
{
    WEFTI_CHECKED(check_pool(pool, "weft_pool_workers"));
    if (pool == NULL && wefti_this_worker != NULL) {
        pool = wefti_this_member()->pool;
    }
    if (pool != NULL) {
        return pool->threads + 1;
    }
    pool = wefti_pool_default();
    size_t workers = pool != NULL ? pool->threads + 1 : 1;
    wefti_pool_default_done();
    return workers;
}
