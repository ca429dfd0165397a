/* Waiting at one side of a channel until something holds there.
 *
 * An eventcount: those who wait say so, look once more, and sleep; those who
 * make progress look whether anybody said so. A channel on which nobody sleeps
 * pays one load for it. Protocol and proof: README.md, "Sleeping". */
#ifndef WEFT_SRC_CHAN_WAITER_H
#define WEFT_SRC_CHAN_WAITER_H

#include <weft/base/atomic.h>
#include <weft/base/status.h>
#include <weft/base/time.h>

struct weft_chan;

/* `word` is a bit and a number:
 *   ARMED  somebody sleeps or is about to, and no wake-up is under way
 *          clear -> set   sleep_once, leave
 *          set -> clear   wefti_waiters_wake_one, wefti_waiters_wake_all
 *   epoch  bits 1..31, one up with each clearing of ARMED
 * ARMED may be stale-set (the sleeper left by itself): one wasted wake-up. It
 * is clear with sleepers only while one of them, woken, has not left yet: that
 * one looks after the others when it leaves. */
typedef struct wefti_waiters {
    weft_atomic_u32 word;
    weft_atomic_u32 sleepers; /* registered and not yet back */
    weft_atomic_u32 budget;   /* hint: pauses worth spinning before sleep */
    weft_atomic_u32 naps;     /* hint: sleeps that ended soon */
    weft_atomic_u32 no_yield; /* hint: waits until yielding is tried again */
} wefti_waiters;

enum { WEFTI_ARMED = 1 };

/* Whether the step that `arg` waits for may succeed now, or never will. In a
 * side's wefti_want `arg` is the channel, and the loads that decide are
 * seq_cst. */
typedef bool wefti_ready_fn(const void *arg);

/* A caller's message: where it comes from, or where it is to go. */
typedef union wefti_buffer {
    const void *from;
    void *to;
} wefti_buffer;

/* What the threads of one side wait for. Constant. */
typedef struct wefti_want {
    /* Take the step without waiting; `idle` if it cannot be taken now. */
    weft_status (*attempt)(struct weft_chan *c, wefti_buffer msg);
    wefti_ready_fn *ready;
    weft_status idle;
} wefti_want;

void wefti_waiters_init(wefti_waiters *w);

/* Attempt the step until it is taken, refused for good, or d has come: spin as
 * long as it has paid lately, then sleep. Returns what the attempt returned,
 * or WEFT_TIMEOUT. */
WEFT_COLD weft_status wefti_waiters_wait(wefti_waiters *w,
                                         const wefti_want *want,
                                         struct weft_chan *c, wefti_buffer msg,
                                         weft_deadline d);

/* Slow half of wefti_waiters_notify, which saw the word like this. */
WEFT_COLD void wefti_waiters_wake_one(wefti_waiters *w, uint32_t seen);

/* For a change that all must see and that stays: closing. The change itself
 * is a seq_cst operation before the call. */
void wefti_waiters_wake_all(wefti_waiters *w);

/* For one step of progress, published by wefti_store_light just before. */
static inline void wefti_waiters_notify(wefti_waiters *w)
{
    /* seq_cst [waiter.duel]: the publisher reads what the sleeper wrote. */
    uint32_t seen = wefti_load_seq_cst(&w->word);
    if (WEFT_UNLIKELY(seen & WEFTI_ARMED)) {
        wefti_waiters_wake_one(w, seen);
    }
}

/* The part of waiting that needs no eventcount: spin, then yield, while
 * ready(arg) is false. true: it held. false: go to sleep. */
WEFT_NODISCARD bool wefti_waiters_spin(wefti_waiters *w, wefti_ready_fn *ready,
                                       const void *arg);

/* Around a sleep: the spin policy learns how long it took. */
uint64_t wefti_waiters_nap_begins(void);
void wefti_waiters_nap_ends(wefti_waiters *w, uint64_t begun);

/* One turn of waiting for another thread that is in the middle of a copy. The
 * other may have been preempted: after some turns, yields to the kernel. */
void wefti_copy_turn(uint32_t *turns);

#endif
