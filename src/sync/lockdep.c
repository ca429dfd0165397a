/* Which thread holds which lock, since where. The orders are in order.c. */
#include "sync/lockdep.h"

#if WEFT_CHECKED

#include "sync/order.h"

#include <weft/base/panic.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A thread that holds a lock has a slot, from its first lock to the unlock of
 * its last. Other threads read it for messages only, so all is relaxed and may
 * be out of date.
 *
 *   taken  0 -> 1  my_slot, by CAS      1 -> 0  given_back, by the owner
 *   count  owner's; entries [0, count) are held, in the order of taking */
enum { SLOTS = 512, DEPTH = 48 };

typedef struct entry {
    WEFT_ATOMIC(const weft_atomic_u32 *) word;
    WEFT_ATOMIC(const void *) place;
    WEFT_ATOMIC(const char *) name;
} entry;

typedef struct slot {
    weft_atomic_u32 taken;
    weft_atomic_u32 tid;
    WEFT_ATOMIC(const void *) self; /* the owner's wefti_self */
    weft_atomic_u32 count;
    uint32_t unknown; /* owner only: locks held beyond DEPTH */
    entry held[DEPTH];
} slot;

static slot slots[SLOTS];

static __thread struct {
    slot *slot; /* NULL: holds nothing, or nothing that is known */
    uint32_t last;
    uint32_t tid;     /* 0: not asked yet */
    uint32_t unknown; /* locks taken while there was no slot */
} mine;

static slot *my_slot(void)
{
    if (mine.slot != NULL || mine.unknown != 0) {
        return mine.slot;
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t at = (mine.last + i) % SLOTS;
        uint32_t seen = 0;
        /* acquire [lockdep.slot]: the owner before has left it. */
        if (wefti_cas_acquire(&slots[at].taken, &seen, 1u)) {
            mine.last = at;
            mine.slot = &slots[at];
            mine.tid = mine.tid != 0 ? mine.tid : (uint32_t)gettid();
            /* relaxed: for messages. */
            wefti_store_relaxed(&mine.slot->tid, mine.tid);
            wefti_store_relaxed(&mine.slot->self,
                                (const void *)wefti_get_self());
            return mine.slot;
        }
    }
    return NULL;
}

/* In a forked child the other threads are gone, and hold nothing. */
static void forget_others(void)
{
    /* relaxed, all: the process has one thread. */
    for (size_t i = 0; i < SLOTS; i++) {
        if (&slots[i] != mine.slot) {
            wefti_store_relaxed(&slots[i].count, 0u);
            wefti_store_relaxed(&slots[i].taken, 0u);
            slots[i].unknown = 0;
        }
    }
    mine.tid = 0;
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, forget_others);
}

/* The entry for the lock in this slot, or NULL. */
static entry *find(slot *s, const weft_atomic_u32 *word)
{
    /* relaxed, all: own stores, or a hint for a message. */
    uint32_t count = wefti_load_relaxed(&s->count);
    for (uint32_t i = count; i-- > 0 && i < DEPTH;) {
        if (wefti_load_relaxed(&s->held[i].word) == word) {
            return &s->held[i];
        }
    }
    return NULL;
}

static wefti_place_words where(const entry *e)
{
    /* relaxed: own store, or a hint. */
    return wefti_place_of(wefti_load_relaxed(&e->place));
}

void wefti_lockdep_alive(const weft_atomic_u32 *word,
                         const wefti_lock_kind *kind, const char *call)
{
    /* relaxed: dead memory does not change. */
    if (wefti_load_relaxed(word) == WEFTI_TOMBSTONE32) {
        weft_panic("%s: the %s at %p lies in memory that was given back: it "
                   "was freed, or buried by weft_bury, with what contains it",
                   call, kind->name, (const void *)word);
    }
}

static void check_relock(weft_atomic_u32 *word, const char *call,
                         const void *place)
{
    const entry *e = find(mine.slot, word);
    if (e != NULL) {
        /* relaxed: own store. */
        const char *name = wefti_load_relaxed(&e->name);
        weft_panic("%s: this thread holds the %s already; waiting for itself "
                   "would never end (locked at %s, and again at %s)",
                   call, name, where(e).where, wefti_place_of(place).where);
    }
}

void wefti_lockdep_wait(weft_atomic_u32 *word, const wefti_lock_kind *kind,
                        const char *call, const void *place)
{
    slot *s = mine.slot;
    if (s == NULL) {
        return;
    }
    check_relock(word, call, place);
    if (wefti_allowed(WEFT_LOCK_INVERSION) || weft_panicking()) {
        return;
    }
    wefti_order_lock held[DEPTH];
    /* relaxed, all: own stores. */
    uint32_t count = wefti_load_relaxed(&s->count);
    for (uint32_t i = 0; i < count; i++) {
        const entry *e = &s->held[i];
        const weft_atomic_u32 *w = wefti_load_relaxed(&e->word);
        held[i] = (wefti_order_lock){
            .word = (weft_atomic_u32 *)(uintptr_t)w,
            .name = wefti_load_relaxed(&e->name),
            .place = wefti_load_relaxed(&e->place),
        };
    }
    const wefti_order_lock next = {
        word, wefti_checked_name_of(word, kind->name), place};
    wefti_order_check(held, count, &next);
}

void wefti_lockdep_taken(weft_atomic_u32 *word, const wefti_lock_kind *kind,
                         const void *place)
{
    slot *s = my_slot();
    if (s == NULL) {
        mine.unknown++;
        return;
    }
    uint32_t count = wefti_load_relaxed(&s->count); /* relaxed: own store */
    if (count == DEPTH) {
        s->unknown++;
        return;
    }
    /* relaxed, all: others read for messages only. */
    entry *e = &s->held[count];
    const char *name = wefti_checked_name_of(word, kind->name);
    wefti_store_relaxed(&e->word, (const weft_atomic_u32 *)word);
    wefti_store_relaxed(&e->place, place);
    wefti_store_relaxed(&e->name, name);
    wefti_store_relaxed(&s->count, count + 1);
}

static void copy_entry(entry *to, const entry *from)
{
    /* relaxed, all: as above. */
    wefti_store_relaxed(&to->word, wefti_load_relaxed(&from->word));
    wefti_store_relaxed(&to->place, wefti_load_relaxed(&from->place));
    wefti_store_relaxed(&to->name, wefti_load_relaxed(&from->name));
}

void wefti_lockdep_given_back(const weft_atomic_u32 *word)
{
    slot *s = mine.slot;
    entry *e = s != NULL ? find(s, word) : NULL;
    if (e == NULL) {
        uint32_t *unknown = s != NULL ? &s->unknown : &mine.unknown;
        *unknown -= *unknown != 0 ? 1 : 0;
        return;
    }
    /* relaxed, all but the last: own stores. */
    uint32_t count = wefti_load_relaxed(&s->count) - 1;
    for (; e < &s->held[count]; e++) {
        copy_entry(e, e + 1);
    }
    wefti_store_relaxed(&s->count, count);
    if (count == 0 && s->unknown == 0) {
        mine.slot = NULL;
        /* release [lockdep.slot]: hands the slot to its next owner. */
        wefti_store_release(&s->taken, 0u);
    }
}

bool wefti_lockdep_may_hold(const weft_atomic_u32 *word)
{
    slot *s = mine.slot;
    return s == NULL ? mine.unknown != 0
                     : s->unknown != 0 || find(s, word) != NULL;
}

/* The name of a thread of this process. */
static void name_thread(uint32_t tid, char *name, size_t size)
{
    char path[48];
    (void)snprintf(path, sizeof path, "/proc/self/task/%u/comm", tid);
    name[0] = '\0';
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    ssize_t length = read(file, name, size - 1);
    (void)close(file);
    name[length > 0 ? length : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
}

bool wefti_lockdep_holder(const weft_atomic_u32 *word, wefti_holder *holder)
{
    /* relaxed, all: a hint. */
    for (size_t i = 0; i < SLOTS; i++) {
        const entry *e = find(&slots[i], word);
        if (e != NULL) {
            holder->self = wefti_load_relaxed(&slots[i].self);
            holder->name = wefti_load_relaxed(&e->name);
            holder->place = wefti_load_relaxed(&e->place);
            holder->tid = wefti_load_relaxed(&slots[i].tid);
            return true;
        }
    }
    return false;
}

void wefti_lockdep_stranger(const weft_atomic_u32 *word,
                            const wefti_lock_kind *kind, const char *call)
{
    static const char rule[] =
        "this thread does not hold the lock; only the thread that locked it "
        "may unlock it, and only once";
    wefti_holder holder;
    if (!wefti_lockdep_holder(word, &holder)) {
        weft_panic("%s: %s (nobody holds the %s)", call, rule,
                   wefti_checked_name_of(word, kind->name));
    }
    char name[20];
    name_thread(holder.tid, name, sizeof name);
    weft_panic("%s: %s (thread '%s' holds the %s since %s)", call, rule, name,
               holder.name, wefti_place_of(holder.place).where);
}

void wefti_lockdep_join(const char *call)
{
    const slot *s = mine.slot;
    if (s == NULL || wefti_allowed(WEFT_HELD_JOIN) || weft_panicking() ||
        wefti_get_self()->exiting != 0) {
        return;
    }
    const entry *e = &s->held[0];
    /* relaxed, all: own stores. */
    if (wefti_load_relaxed(&s->count) != 0) {
        weft_panic("%s: this thread waits for another's end while it holds "
                   "the %s that it locked at %s; if the other one wants that "
                   "lock, neither goes on: unlock it first, or say "
                   "WEFT_ALLOW(WEFT_HELD_JOIN)",
                   call, wefti_load_relaxed(&e->name), where(e).where);
    }
}

#endif
