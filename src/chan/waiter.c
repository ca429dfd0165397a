#include "chan/waiter.h"

#include "base/asym.h"
#include "base/backoff.h"
#include "base/futex.h"

#include <sched.h>

/* The figures of the spin policy; README.md says how each was found. */
enum {
    SPINS = WEFTI_PATIENCE(1), /* 0: no policy; who waits sleeps at once */
    BUDGET_MIN = 8,       /* pauses: also tried on a channel that is cold */
    BUDGET_MAX = 512,     /* pauses: some 10 us */
    BUDGET_PROBE = 2048,  /* pauses: longer than it takes to wake a thread */
    PROBE_EVERY = 8,      /* short sleeps */
    SHORT_SLEEP = 100000, /* ns: most of it was the waking */
    STEP_MAX = 32,        /* pauses between two looks */
    YIELDS = 3,
    LONG_YIELD = 50000, /* ns: dearer than being woken */
    YIELD_AGAIN = 1024, /* waits */
    COPY_SPINS = 64,    /* pauses */
};

/* Whether another thread can run while this one spins: not if all of the
 * process is bound to one cpu. A thread sees only its own binding, and one that
 * is bound alone must not answer for the others. So the answer is yes once a
 * thread was free to choose, or two were bound to different cpus. */
static bool many_cpus(void)
{
    enum { UNKNOWN = 0, MANY = UINT16_MAX }; /* else the only cpu, plus 1 */
    static weft_atomic_u32 cpus;
    if (!SPINS) {
        return false;
    }
    /* relaxed: no data; each thread asks for itself until it is MANY. */
    uint32_t seen = wefti_load_relaxed(&cpus);
    if (WEFT_LIKELY(seen == MANY)) {
        return true;
    }
    cpu_set_t set;
    bool bound =
        sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1;
    uint32_t only = bound ? (uint32_t)sched_getcpu() + 1 : MANY;
    uint32_t now = seen == UNKNOWN || seen == only ? only : MANY;
    wefti_store_relaxed(&cpus, now); /* relaxed: as above */
    return now == MANY;
}

void wefti_waiters_init(wefti_waiters *w)
{
    /* relaxed: nobody else knows the channel yet. */
    wefti_store_relaxed(&w->budget, BUDGET_MAX);
    (void)many_cpus(); /* who opens a channel is often not bound yet */
}

/* All of the policy's words are hints, hence relaxed: two threads that learn
 * at once may lose one lesson. */
static void set_budget(wefti_waiters *w, uint32_t old, uint32_t now)
{
    if (old != now) {
        wefti_store_relaxed(&w->budget, now); /* relaxed: hint */
    }
}

static void learn_hit(wefti_waiters *w)
{
    uint32_t old = wefti_load_relaxed(&w->budget); /* relaxed: hint */
    uint32_t more = 2 * old;
    set_budget(w, old, more < BUDGET_MAX ? more : BUDGET_MAX);
}

uint64_t wefti_waiters_nap_begins(void)
{
    return SPINS ? weft_now_ns() : 0;
}

void wefti_waiters_nap_ends(wefti_waiters *w, uint64_t begun)
{
    if (!SPINS) {
        return;
    }
    uint32_t old = wefti_load_relaxed(&w->budget); /* relaxed: hint */
    if (weft_now_ns() - begun < SHORT_SLEEP) {
        uint32_t naps = wefti_load_relaxed(&w->naps) + 1; /* relaxed: hint */
        wefti_store_relaxed(&w->naps, naps);              /* relaxed: hint */
        if (naps % PROBE_EVERY == 0) {
            set_budget(w, old, BUDGET_PROBE);
            return;
        }
    }
    uint32_t capped = old < BUDGET_MAX ? old : BUDGET_MAX;
    set_budget(w, old, capped / 2 > BUDGET_MIN ? capped / 2 : BUDGET_MIN);
}

/* Offer the core to others: where threads outnumber cores, whoever is to make
 * ready hold may be waiting for this one. But a core that goes to a stranger
 * comes back late, later than a wake-up would have: then not again for some
 * time. */
static bool yield_a_while(wefti_waiters *w, wefti_ready_fn *ready,
                          const void *arg)
{
    uint32_t skip = wefti_load_relaxed(&w->no_yield); /* relaxed: hint */
    if (skip > 0) {
        wefti_store_relaxed(&w->no_yield, skip - 1); /* relaxed: hint */
        return false;
    }
    uint64_t before = weft_now_ns();
    for (int i = 0; i < YIELDS; i++) {
        (void)sched_yield();
        uint64_t after = weft_now_ns();
        if (after - before > LONG_YIELD) {
            wefti_store_relaxed(&w->no_yield, YIELD_AGAIN); /* relaxed: hint */
            return ready(arg);
        }
        if (ready(arg)) {
            return true;
        }
        before = after;
    }
    return false;
}

/* Looks at growing distances: a waiter that reads the line all the time keeps
 * it from the one who is to write it. */
bool wefti_waiters_spin(wefti_waiters *w, wefti_ready_fn *ready,
                        const void *arg)
{
    if (!SPINS) {
        return false;
    }
    if (many_cpus()) {
        uint32_t budget = wefti_load_relaxed(&w->budget); /* relaxed: hint */
        uint32_t step = 1;
        for (uint32_t spent = 0; spent < budget; spent += step) {
            step = step < STEP_MAX ? 2 * step : STEP_MAX;
            for (uint32_t i = 0; i < step; i++) {
                wefti_spin_hint();
            }
            if (ready(arg)) {
                learn_hit(w);
                return true;
            }
        }
    }
    return yield_a_while(w, ready, arg);
}

/* Sleep unless ready. false: the deadline came first. */
static bool sleep_once(wefti_waiters *w, wefti_ready_fn *ready, const void *arg,
                       weft_deadline d)
{
    /* seq_cst [waiter.sleepers]: before the look at what closing changes. */
    (void)wefti_add_seq_cst(&w->sleepers, 1);
    /* seq_cst [waiter.duel]: the sleeper's write, before its last look. */
    uint32_t key = wefti_or_seq_cst(&w->word, WEFTI_ARMED) | WEFTI_ARMED;
    wefti_fence_heavy();
    bool in_time = true;
    if (!ready(arg)) {
        uint64_t begun = wefti_waiters_nap_begins();
        in_time = wefti_futex_wait_until(&w->word, key, d);
        wefti_waiters_nap_ends(w, begun);
    }
    /* seq_cst [waiter.sleepers]: the count is read by those who leave. */
    (void)wefti_sub_seq_cst(&w->sleepers, 1);
    return in_time;
}

/* The wake-up that we got may have been meant for more than one: if others
 * sleep and the step can be taken again, hand it on. */
static void leave(wefti_waiters *w, wefti_ready_fn *ready, const void *arg)
{
    /* seq_cst [waiter.sleepers]: after our own leaving of the count. */
    if (WEFT_LIKELY(wefti_load_seq_cst(&w->sleepers) == 0)) {
        return;
    }
    /* seq_cst [waiter.duel]: as a sleeper's, on behalf of the others. */
    uint32_t seen = wefti_or_seq_cst(&w->word, WEFTI_ARMED) | WEFTI_ARMED;
    wefti_fence_heavy();
    if (ready(arg)) {
        wefti_waiters_wake_one(w, seen);
    }
}

weft_status wefti_waiters_wait(wefti_waiters *w, const wefti_want *want,
                               struct weft_chan *c, wefti_buffer msg,
                               weft_deadline d)
{
    bool slept = false;
    bool in_time = true;
    weft_status status = want->idle;
    while (status == want->idle && in_time) {
        in_time = weft_deadline_is_forever(d) || !weft_deadline_passed(d);
        if (in_time && !wefti_waiters_spin(w, want->ready, c)) {
            slept = true;
            in_time = sleep_once(w, want->ready, c, d);
        }
        status = want->attempt(c, msg);
    }
    if (slept) {
        leave(w, want->ready, c);
    }
    return status == want->idle ? WEFT_TIMEOUT : status;
}

void wefti_waiters_wake_one(wefti_waiters *w, uint32_t seen)
{
    while (seen & WEFTI_ARMED) {
        /* relaxed: what the sleeper is to see is in the queue, and its next
         * registration, not this word, orders it. */
        if (wefti_cas_relaxed(&w->word, &seen, seen + 1)) {
            wefti_futex_wake_one(&w->word);
            return;
        }
    }
}

void wefti_waiters_wake_all(wefti_waiters *w)
{
    /* seq_cst [waiter.sleepers]: after the change; a sleeper that is not
     * counted yet will see the change before it sleeps. */
    if (wefti_load_seq_cst(&w->sleepers) == 0) {
        return;
    }
    /* seq_cst [waiter.sleepers]: a sleeper whose last look did not see the
     * change has set ARMED before; the swap comes after that, and takes away
     * the value it sleeps on. */
    uint32_t seen = wefti_load_seq_cst(&w->word);
    /* relaxed: as in wake_one; one epoch up, ARMED clear. */
    while (!wefti_cas_relaxed(&w->word, &seen, (seen | WEFTI_ARMED) + 1)) {
    }
    wefti_futex_wake_all(&w->word);
}

void wefti_copy_turn(uint32_t *turns)
{
    if (++*turns <= COPY_SPINS && many_cpus()) {
        wefti_spin_hint();
    } else {
        (void)sched_yield();
    }
}
