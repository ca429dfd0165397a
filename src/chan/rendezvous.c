/* Sender and receiver meet: whoever comes second moves the message straight
 * from the one's buffer to the other's. Protocol and proofs: README.md,
 * "Rendezvous".
 *
 * A waiting thread is a `party` on its own stack, in a list of its side:
 *   WAITING  in the list, or taken from it by a partner who is copying
 *   ASLEEP   as WAITING, and its thread sleeps       WAITING -> ASLEEP  nap
 *   MET      the message was moved; final                     conclude
 *   ALONE    the other side is gone; final                    conclude
 * Whoever takes a party out of the list, under the lock, decides its end; a
 * party that gives up takes itself out. Only one side ever waits. */
#include "chan/rendezvous.h"

#include "base/alloc.h"
#include "base/futex.h"
#include "chan/lock.h"
#include "chan/waiter.h"

enum { WAITING = 0, ASLEEP = 1, MET = 2, ALONE = 3 };

typedef struct party {
    struct party *next; /* guarded by the lock */
    struct party *prev; /* guarded by the lock */
    wefti_buffer msg;   /* constant while in the list */
    weft_atomic_u32 state;
} party;

typedef struct side {
    party *first;          /* guarded by the lock */
    party *last;           /* guarded by the lock */
    bool gone;             /* guarded by the lock */
    wefti_waiters waiters; /* for its spin policy only */
} side;

typedef struct rendezvous {
    struct weft_chan head;
    WEFT_ALIGNED(WEFT_CACHE_LINE) wefti_lock lock;
    side senders;
    side receivers;
} rendezvous;

static rendezvous *self_of(struct weft_chan *c)
{
    return (rendezvous *)(void *)c;
}

/* -------------------------------------------------------------- lists */

/* Who waits is on the stack of its thread, and must not be met after a fork. */
static inline void lock(rendezvous *q)
{
    wefti_chan_may_wait(&q->head);
    wefti_lock_lock(&q->lock);
}

static void enlist(side *s, party *p)
{
    p->next = NULL;
    p->prev = s->last;
    *(s->last != NULL ? &s->last->next : &s->first) = p;
    s->last = p;
}

static void delist(side *s, party *p)
{
    *(p->prev != NULL ? &p->prev->next : &s->first) = p->next;
    *(p->next != NULL ? &p->next->prev : &s->last) = p->prev;
    p->next = p;
}

/* Whether p was taken out: its next is then itself. */
static bool is_delisted(const party *p)
{
    return p->next == p;
}

static party *pop(side *s)
{
    party *p = s->first;
    if (p != NULL) {
        delist(s, p);
    }
    return p;
}

/* ------------------------------------------------------------ meeting */

/* Tell p, which we took from its list, how it ended. After the swap its stack
 * frame may be gone; the wake-up does not read it. */
static void conclude(party *p, uint32_t end)
{
    weft_atomic_u32 *state = &p->state;
    wefti_tsan_release(state); /* [rendezvous.met] */
    /* release [rendezvous.met]: the message lies in its buffer, or is out of
     * it. */
    if (wefti_swap_release(state, end) == ASLEEP) {
        wefti_futex_wake_one(state);
    }
}

static bool concluded(const void *arg)
{
    const party *p = arg;
    /* acquire [rendezvous.met]: the message has been moved. */
    return wefti_load_acquire(&p->state) >= MET;
}

/* Sleep until concluded or d. false: the deadline came first. */
static bool nap(side *own, party *p, weft_deadline d)
{
    uint64_t begun = wefti_waiters_nap_begins();
    bool in_time = true;
    while (in_time && !concluded(p)) {
        uint32_t seen = WAITING;
        /* relaxed: asks for a wake-up, carries no data. */
        (void)wefti_cas_relaxed(&p->state, &seen, ASLEEP);
        in_time = wefti_futex_wait_until(&p->state, ASLEEP, d);
    }
    wefti_waiters_nap_ends(&own->waiters, begun);
    return in_time;
}

/* Wait, enlisted in `own`, until p is concluded; or give up at d, if nobody
 * has taken p by then. */
static weft_status wait_for_partner(rendezvous *q, side *own, party *p,
                                    weft_deadline d)
{
    if (!wefti_waiters_spin(&own->waiters, concluded, p) && !nap(own, p, d)) {
        lock(q);
        bool alone = !is_delisted(p);
        if (alone) {
            delist(own, p);
        }
        wefti_lock_unlock(&q->lock);
        if (alone) {
            return WEFT_TIMEOUT;
        }
        (void)nap(own, p, WEFT_FOREVER); /* no longer than a copy */
    }
    wefti_tsan_acquire(&p->state); /* [rendezvous.met] */
    /* relaxed: concluded has acquired it. */
    return wefti_load_relaxed(&p->state) == MET ? WEFT_OK : WEFT_CLOSED;
}

static inline void move_message(const rendezvous *q, wefti_buffer to,
                                wefti_buffer from)
{
    wefti_copy_message(to.to, from.from, q->head.type.size);
}

/* Take a partner from `other`; if there is none, enlist p in `own`, unless p
 * is NULL (the caller will not wait) or the other side is gone. */
static party *find_partner(rendezvous *q, side *other, side *own, party *p,
                           bool *gone)
{
    if (p != NULL) {
        wefti_tsan_release(&p->state); /* [rendezvous.lock] */
    }
    lock(q);
    party *partner = pop(other);
    *gone = other->gone;
    if (partner == NULL && p != NULL && !*gone) {
        enlist(own, p);
    }
    wefti_lock_unlock(&q->lock);
    if (partner != NULL) {
        wefti_tsan_acquire(&partner->state); /* [rendezvous.lock] */
    } else if (*gone) {
        wefti_tsan_acquire(&other->gone); /* [rendezvous.lock] */
    }
    return partner;
}

/* A deadline that has passed leaves no time to wait. */
static bool may_wait(weft_deadline d)
{
    return weft_deadline_is_forever(d) || !weft_deadline_passed(d);
}

static weft_status send_try(struct weft_chan *c, const void *msg)
{
    rendezvous *q = self_of(c);
    bool gone;
    party *partner = find_partner(q, &q->receivers, NULL, NULL, &gone);
    if (partner == NULL) {
        return gone ? WEFT_CLOSED : WEFT_FULL;
    }
    move_message(q, partner->msg, (wefti_buffer){.from = msg});
    conclude(partner, MET);
    return WEFT_OK;
}

static weft_status send_until(struct weft_chan *c, const void *msg,
                              weft_deadline d)
{
    rendezvous *q = self_of(c);
    party self = {.msg = {.from = msg}};
    bool gone;
    party *waiting = may_wait(d) ? &self : NULL;
    party *partner =
        find_partner(q, &q->receivers, &q->senders, waiting, &gone);
    if (partner != NULL) {
        move_message(q, partner->msg, self.msg);
        conclude(partner, MET);
        return WEFT_OK;
    }
    if (gone || waiting == NULL) {
        return gone ? WEFT_CLOSED : WEFT_TIMEOUT;
    }
    return wait_for_partner(q, &q->senders, waiting, d);
}

static weft_status recv_try(struct weft_chan *c, void *msg)
{
    rendezvous *q = self_of(c);
    bool gone;
    party *partner = find_partner(q, &q->senders, NULL, NULL, &gone);
    if (partner == NULL) {
        return gone ? WEFT_CLOSED : WEFT_EMPTY;
    }
    move_message(q, (wefti_buffer){.to = msg}, partner->msg);
    conclude(partner, MET);
    return WEFT_OK;
}

static weft_status recv_until(struct weft_chan *c, void *msg, weft_deadline d)
{
    rendezvous *q = self_of(c);
    party self = {.msg = {.to = msg}};
    bool gone;
    party *waiting = may_wait(d) ? &self : NULL;
    party *partner =
        find_partner(q, &q->senders, &q->receivers, waiting, &gone);
    if (partner != NULL) {
        move_message(q, self.msg, partner->msg);
        conclude(partner, MET);
        return WEFT_OK;
    }
    if (gone || waiting == NULL) {
        return gone ? WEFT_CLOSED : WEFT_TIMEOUT;
    }
    return wait_for_partner(q, &q->receivers, waiting, d);
}

/* ------------------------------------------------------------ closing */

/* `leaving` is gone: send the parties of the other side home. Taken from the
 * list one at a time, for conclude ends the life of each. */
static void close_side(rendezvous *q, side *leaving, side *other)
{
    wefti_tsan_release(&leaving->gone); /* [rendezvous.lock] */
    lock(q);
    leaving->gone = true;
    party *p = pop(other);
    wefti_lock_unlock(&q->lock);
    while (p != NULL) {
        conclude(p, ALONE);
        lock(q);
        p = pop(other);
        wefti_lock_unlock(&q->lock);
    }
}

static void close_tx(struct weft_chan *c)
{
    rendezvous *q = self_of(c);
    close_side(q, &q->senders, &q->receivers);
}

static void close_rx(struct weft_chan *c)
{
    rendezvous *q = self_of(c);
    close_side(q, &q->receivers, &q->senders);
}

static void free_all(struct weft_chan *c)
{
    rendezvous *q = self_of(c);
    WEFTI_DELETE(q);
}

static size_t len(const struct weft_chan *c)
{
    (void)c;
    return 0;
}

static const wefti_flavour flavour = {
    .send_try = send_try,
    .send_until = send_until,
    .recv_try = recv_try,
    .recv_until = recv_until,
    .close_tx = close_tx,
    .close_rx = close_rx,
    .free = free_all,
    .len = len,
};

struct weft_chan *wefti_rendezvous_create(const weft_chan_type *type)
{
    rendezvous *q = WEFTI_NEW(rendezvous);
    if (q == NULL) {
        return NULL;
    }
    q->head.flavour = &flavour;
    q->head.type = *type;
    wefti_waiters_init(&q->senders.waiters);
    wefti_waiters_init(&q->receivers.waiters);
    return &q->head;
}
