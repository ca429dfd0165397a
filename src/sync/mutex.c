/* The slow paths of the mutex. The word:
 *
 *   LOCKED    somebody holds it
 *   CROWDED   somebody may sleep on the word; only ever beside LOCKED
 *   POISONED  a holder fell; outlives the lock
 *   HARDY     constant after init: POISONED is never set
 *
 *   open -> LOCKED             lock
 *   LOCKED -> LOCKED|CROWDED   lock that is about to sleep
 *   open -> LOCKED|CROWDED     lock that has slept: others may sleep still
 *   LOCKED[|CROWDED] -> open   unlock, in one operation, then wake one
 *   the same -> POISONED       unlock of a doomed entry, then wake all
 *   POISONED -> clear          clear_poison, at any time
 *
 * POISONED and HARDY are unlock's to keep: it may write zero only because an
 * entry without marks says that neither bit was there when it locked, and
 * while a thread holds the mutex nobody else sets one. CROWDED may be stale
 * (a sleeper timed out): one wasted wake-up. A sleeper beside a word without
 * CROWDED is legal only while a thread that was woken has yet to look; it then
 * locks with CROWDED, or leaves and passes the wake-up on. The proof is in
 * src/sync/README.md. */
#include <weft/sync/mutex.h>

#include "base/backoff.h"
#include "base/futex.h"
#include "base/sanitizer.h"
#include "sync/joins.h"
#include "sync/lockdep.h"

enum {
    LOCKED = WEFTI_MUTEX_LOCKED,
    CROWDED = WEFTI_MUTEX_CROWDED,
    POISONED = WEFTI_MUTEX_POISONED,
    HARDY = WEFTI_MUTEX_HARDY,
};

/* The bits that outlive a lock. */
#define KEPT (POISONED | HARDY | WEFTI_LOCKDEP_BITS)

static void abandon(void *lock)
{
    wefti_mutex_unlock_slow(lock);
}

const wefti_lock_kind wefti_mutex_kind = {"mutex", abandon};

void weft_mutex_init(weft_mutex *m)
{
    /* relaxed: nobody else may use the mutex yet. */
    wefti_store_relaxed(&m->word, 0u);
}

bool weft_mutex_is_poisoned(const weft_mutex *m)
{
    /* relaxed: a hint. */
    return (wefti_load_relaxed(&m->word) & POISONED) != 0;
}

void weft_mutex_clear_poison(weft_mutex *m)
{
    /* relaxed: the repaired data is handed over by the unlock, or was never
     * touched by this thread. */
    (void)wefti_and_relaxed(&m->word, ~(uint32_t)POISONED);
}

void wefti_mutex_refused(weft_status why, const char *file, int line)
{
    if (why == WEFT_POISONED) {
        weft_panic_at(file, line,
                      "WEFT_LOCK: the mutex is poisoned: a thread panicked or "
                      "ended while it held it; repair the data under "
                      "weft_mutex_recover and call weft_mutex_clear_poison");
    }
    weft_panic_at(file, line, "WEFT_LOCK: %s", weft_status_str(why));
}

static void check_relock(const weft_mutex *m)
{
    if (wefti_held_contains(m)) {
        weft_panic("weft_mutex_lock: this thread holds the mutex already; "
                   "waiting for itself would never end");
    }
}

/* Read the word until it is open or crowded, for a while: a holder that runs
 * on another core is about to leave. */
static uint32_t spin(const weft_mutex *m)
{
    wefti_backoff pause = WEFTI_BACKOFF_INIT;
    for (;;) {
        /* relaxed: re-checked by the compare-and-swap that follows. */
        uint32_t word = wefti_load_relaxed(&m->word);
        if ((word & (LOCKED | CROWDED)) != LOCKED ||
            !wefti_backoff_spin(&pause)) {
            return word;
        }
    }
}

/* Leave without the lock. A thread that was woken and does not lock owes the
 * wake-up to those who sleep on. */
static weft_status give_up(weft_mutex *m, weft_status why, bool slept)
{
    if (slept) {
        wefti_futex_wake_all(&m->word);
    }
    return why;
}

#if WEFT_CHECKED
static void check_lock(weft_mutex *m, unsigned manner, weft_deadline d,
                       const void *place)
{
    static const char call[] = "weft_mutex_lock";
    wefti_lockdep_alive(&m->word, &wefti_mutex_kind, call);
    wefti_join_wants(place);
    if ((manner & WEFTI_MUTEX_TRY) == 0 && d.ns == UINT64_MAX) {
        wefti_lockdep_wait(&m->word, &wefti_mutex_kind, call, place);
    }
}

static void check_unlock(const weft_mutex *m)
{
    static const char call[] = "weft_mutex_unlock";
    wefti_lockdep_alive(&m->word, &wefti_mutex_kind, call);
    if (!wefti_held_contains(m) && !weft_panicking() &&
        wefti_get_self()->exiting == 0) {
        wefti_lockdep_stranger(&m->word, &wefti_mutex_kind, call);
    }
}
#endif

/* As wefti_futex_wait_until. */
static inline bool sleep_until(weft_mutex *m, uint32_t word, weft_deadline d)
{
#if WEFT_CHECKED
    weft_deadline patience = wefti_join_patience(d);
    if (patience.ns != d.ns) {
        bool woken = wefti_futex_wait_until(&m->word, word, patience);
        if (!woken) { /* so this thread owes no wake-up to others */
            wefti_join_check(&m->word, "weft_mutex_lock");
        }
        return true;
    }
#endif
    return wefti_futex_wait_until(&m->word, word, d);
}

/* WEFT_OK: locked, and *before is what the word was. */
static weft_status acquire(weft_mutex *m, unsigned manner, weft_deadline d,
                           uint32_t *before)
{
    uint32_t claim = LOCKED; /* with CROWDED once this thread has slept */
    bool in_time = true;
    uint32_t word = spin(m);
    for (;;) {
        if ((word & LOCKED) == 0) {
            if ((word & POISONED) != 0 && (manner & WEFTI_MUTEX_RECOVER) == 0) {
                return give_up(m, WEFT_POISONED, claim != LOCKED);
            }
            /* acquire [mutex.data]: receives what the last holder wrote. */
            if (wefti_cas_acquire(&m->word, &word, word | claim)) {
                *before = word;
                wefti_tsan_acquire(&m->word); /* [mutex.data] */
                return WEFT_OK;
            }
            continue;
        }
        if ((manner & WEFTI_MUTEX_TRY) != 0) {
            return WEFT_BUSY;
        }
        if (!in_time) {
            return WEFT_TIMEOUT;
        }
        /* relaxed: asks the holder for a wake-up; carries no data. */
        if ((word & CROWDED) == 0 &&
            !wefti_cas_relaxed(&m->word, &word, word | CROWDED)) {
            continue;
        }
        in_time = sleep_until(m, word | CROWDED, d);
        claim = LOCKED | CROWDED;
        word = spin(m);
    }
}

weft_status wefti_mutex_lock_slow(weft_mutex *m, unsigned manner,
                                  weft_deadline d, uintptr_t depth)
{
    if (!wefti_held_has_room()) {
        return WEFT_NO_MEMORY;
    }
    WEFTI_CHECKED(check_lock(m, manner, d, WEFTI_HERE));
    if ((manner & WEFTI_MUTEX_TRY) == 0) {
        check_relock(m);
    }
    uint32_t before;
    weft_status status = acquire(m, manner, d, &before);
    if (status == WEFT_OK) {
        /* These bits change only through the holder, but for clear_poison,
         * after which the mark is needless and harmless. */
        bool kept = (before & KEPT) != 0;
        wefti_held_push(m, kept ? WEFTI_HELD_WATCHED : 0, &wefti_mutex_kind,
                        (const void *)depth);
        WEFTI_CHECKED(
            wefti_lockdep_taken(&m->word, &wefti_mutex_kind, WEFTI_HERE));
    }
    return status;
}

void wefti_mutex_wake_one(const weft_mutex *m)
{
    wefti_futex_wake_one(&m->word);
}

/* Unlock an entry that was not the newest, or that bears marks. */
void wefti_mutex_unlock_slow(weft_mutex *m)
{
    WEFTI_CHECKED(check_unlock(m));
    uintptr_t marks = wefti_held_remove(m, "weft_mutex_unlock");
    if (marks == WEFTI_HELD_GONE) {
        return;
    }
    WEFTI_CHECKED(wefti_lockdep_given_back(&m->word));
    wefti_tsan_release(&m->word); /* [mutex.data] */
    /* relaxed: re-checked by the compare-and-swap. */
    uint32_t word = wefti_load_relaxed(&m->word);
    uint32_t next;
    do {
        bool fell = (marks & WEFTI_HELD_DOOMED) != 0 && (word & HARDY) == 0;
        next = (word & KEPT) | (fell ? POISONED : 0u);
        /* release [mutex.data]: hands over what this holder wrote. */
    } while (!wefti_cas_release(&m->word, &word, next));
    /* From here on the mutex may be gone. */
    if ((word & CROWDED) == 0) {
        return;
    }
    if ((next & POISONED) != 0) {
        wefti_futex_wake_all(&m->word);
    } else {
        wefti_futex_wake_one(&m->word);
    }
}
