/* The circle of a held lock and a join. */
#include "sync/joins.h"

#if WEFT_CHECKED

#include "sync/lockdep.h"

#include <weft/base/panic.h>

#include <pthread.h>

enum { WAITS = 512, RUNS = 4, FOUND = 64, PATIENCE_MS = 20 };

/* A thread that waits for a task. Read by others, who look again and again:
 * relaxed, but for the two ends of `taken`.
 *   taken  0 -> 1  wefti_join_begin, by CAS   1 -> 0  wefti_join_end */
typedef struct wait {
    weft_atomic_u32 taken;
    WEFT_ATOMIC(const void *) self;       /* the thread's wefti_self */
    WEFT_ATOMIC(const void *) joins;      /* NULL: not any more */
    WEFT_ATOMIC(const void *) runs[RUNS]; /* its own tasks, innermost first */
} wait;

static wait waits[WAITS];
static weft_atomic_u32 waits_used; /* entries [0, waits_used) were ever taken */

static __thread struct {
    wefti_task *task;  /* innermost; NULL: nobody can wait for this thread */
    const void *place; /* where it asks for a lock */
} mine;

void wefti_task_begin(wefti_task *task, const void *key)
{
    task->key = key;
    task->outer = mine.task;
    mine.task = task;
}

void wefti_task_end(const wefti_task *task)
{
    mine.task = task != NULL ? task->outer : NULL;
}

/* In a forked child the other threads are gone, and wait for nothing. */
static void forget_others(void)
{
    /* relaxed, all: the process has one thread. */
    for (uint32_t at = 0; at < WAITS; at++) {
        if (wefti_load_relaxed(&waits[at].self) != wefti_get_self()) {
            wefti_store_relaxed(&waits[at].joins, (const void *)NULL);
            wefti_store_relaxed(&waits[at].taken, 0u);
        }
    }
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, forget_others);
}

static void raise_used(uint32_t at)
{
    /* relaxed: who misses the entry now looks again. */
    uint32_t seen = wefti_load_relaxed(&waits_used);
    while (seen <= at && !wefti_cas_relaxed(&waits_used, &seen, at + 1)) {
    }
}

static void fill(wait *w, const void *key)
{
    const wefti_task *task = mine.task;
    /* relaxed, all: read by those who look again. */
    for (size_t i = 0; i < RUNS; i++) {
        wefti_store_relaxed(&w->runs[i], task != NULL ? task->key : NULL);
        task = task != NULL ? task->outer : NULL;
    }
    wefti_store_relaxed(&w->self, (const void *)wefti_get_self());
    wefti_store_relaxed(&w->joins, key);
}

uint32_t wefti_join_begin(const void *key)
{
    for (uint32_t at = 0; at < WAITS; at++) {
        uint32_t seen = 0;
        /* acquire [joins.wait]: the one before has left it. */
        if (wefti_cas_acquire(&waits[at].taken, &seen, 1u)) {
            fill(&waits[at], key);
            raise_used(at);
            return at;
        }
    }
    return WAITS;
}

void wefti_join_end(uint32_t at)
{
    if (at == WAITS) {
        return;
    }
    /* relaxed: as in fill. */
    wefti_store_relaxed(&waits[at].joins, (const void *)NULL);
    /* release [joins.wait]: hands the entry to the next. */
    wefti_store_release(&waits[at].taken, 0u);
}

weft_deadline wefti_join_patience(weft_deadline d)
{
    weft_deadline soon = weft_deadline_after_ms(PATIENCE_MS);
    return mine.task != NULL && soon.ns < d.ns ? soon : d;
}

/* The tasks whose end depends on this thread. */
typedef struct dependants {
    const void *keys[FOUND];
    uint32_t count;
} dependants;

static bool has(const dependants *d, const void *key)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->keys[i] == key) {
            return true;
        }
    }
    return false;
}

/* false: it was there, or there is no room. */
static bool add(dependants *d, const void *key)
{
    if (key == NULL || d->count == FOUND || has(d, key)) {
        return false;
    }
    d->keys[d->count++] = key;
    return true;
}

/* One look at all who wait: does `holder` wait for one of the tasks? Whoever
 * else does has its own tasks added. */
static bool look(dependants *d, const void *holder, bool *grew)
{
    /* relaxed, all: see above. */
    uint32_t used = wefti_load_relaxed(&waits_used);
    for (uint32_t at = 0; at < used; at++) {
        const wait *w = &waits[at];
        const void *joins = wefti_load_relaxed(&w->joins);
        if (joins == NULL || !has(d, joins)) {
            continue;
        }
        if (wefti_load_relaxed(&w->self) == holder) {
            return true;
        }
        for (size_t i = 0; i < RUNS; i++) {
            *grew = add(d, wefti_load_relaxed(&w->runs[i])) || *grew;
        }
    }
    return false;
}

static bool waits_for_me(const void *holder)
{
    dependants d = {.count = 0};
    for (const wefti_task *task = mine.task; task != NULL; task = task->outer) {
        (void)add(&d, task->key);
    }
    bool grew = true;
    bool found = false;
    while (grew && !found) { /* at most FOUND times */
        grew = false;
        found = look(&d, holder, &grew);
    }
    return found;
}

void wefti_join_wants(const void *place)
{
    mine.place = place;
}

void wefti_join_check(const weft_atomic_u32 *word, const char *call)
{
    wefti_holder holder;
    if (mine.task != NULL && !weft_panicking() &&
        wefti_lockdep_holder(word, &holder) && waits_for_me(holder.self)) {
        weft_panic("%s: this thread wants, at %s, the %s that another one "
                   "locked at %s; that one waits for this one's end, and "
                   "keeps the lock meanwhile: neither can go on",
                   call, wefti_place_of(mine.place).where, holder.name,
                   wefti_place_of(holder.place).where);
    }
}

#endif
