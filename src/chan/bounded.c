/* A ring of slots, each with a stamp that says whose turn it is: the bounded
 * queue of Dmitry Vyukov, for any capacity, with one reader, and with laps as
 * in the array flavour of crossbeam's channels (Stjepan Glavina). Protocol and
 * proofs: README.md, "Bounded".
 *
 * A position is a lap number above an index below the capacity. The slot of
 * position p has the stamp
 *   p        free: the sender that takes tail from p may write it
 *   p + 1    full: the receiver may read it                  send_try
 *   p + lap  free for the next lap                           step
 * `tail` is a position times 2, plus
 *   CLOSED   a side is gone: set once, by close_tx or close_rx, for ever
 * and moves by read-modify-write only, so that no step can lose the bit. */
#include "chan/bounded.h"

#include "base/alloc.h"
#include "base/asym.h"
#include "chan/waiter.h"

enum { CLOSED = 1, STEP = 2 };

typedef struct slot {
    WEFT_ATOMIC(uint64_t) stamp;
} slot; /* the message follows */

typedef struct bounded {
    struct weft_chan head;
    uint64_t lap;   /* constant after init: a power of two > capacity */
    size_t stride;  /* constant after init: from slot to slot */
    size_t message; /* constant after init: from slot to message */
    size_t align;   /* constant after init: of the channel */
    size_t size;    /* constant after init: of the channel and its slots */
    char *slots;    /* constant after init */

    /* Written by senders; the waiters' words by a receiver that sleeps. */
    WEFT_ALIGNED(WEFT_CACHE_LINE) WEFT_ATOMIC(uint64_t) tail;
    wefti_waiters readers;

    /* Written by the receiver; the waiters' words by senders that sleep. */
    WEFT_ALIGNED(WEFT_CACHE_LINE) WEFT_ATOMIC(uint64_t) next; /* to be read */
    wefti_waiters writers;
} bounded;

static bounded *self_of(struct weft_chan *c)
{
    return (bounded *)(void *)c;
}

static slot *slot_at(const bounded *q, uint64_t position)
{
    size_t index = (size_t)(position & (q->lap - 1));
    return (slot *)(void *)(q->slots + index * q->stride);
}

static void *message_of(const bounded *q, slot *s)
{
    return (char *)s + q->message;
}

static uint64_t following(const bounded *q, uint64_t position)
{
    uint64_t index = position & (q->lap - 1);
    return index + 1 < q->head.capacity ? position + 1
                                        : position - index + q->lap;
}

/* To ThreadSanitizer, just before the slot is passed on: what came with it is
 * received, what this thread did goes with it. */
static void tell(const slot *s)
{
    wefti_tsan_acquire(&s->stamp); /* [bounded.full], [bounded.free] */
    wefti_tsan_release(&s->stamp);
}

/* ------------------------------------------------------------ sending */

/* Claim the slot at tail. Waits for nobody. */
static weft_status claim_slot(bounded *q, uint64_t *position)
{
    uint64_t tail =
        wefti_load_relaxed(&q->tail); /* relaxed: re-checked by the swap */
    for (;;) {
        uint64_t at = tail / STEP;
        if (WEFT_UNLIKELY(tail & CLOSED)) {
            return WEFT_CLOSED;
        }
        /* acquire [bounded.free]: the message before has been read out. */
        uint64_t stamp = wefti_load_acquire(&slot_at(q, at)->stamp);
        if (WEFT_UNLIKELY(stamp != at)) {
            if ((int64_t)(stamp - at) < 0) {
                return WEFT_FULL;
            }
            tail =
                wefti_load_relaxed(&q->tail); /* relaxed: was old; as above */
            continue;
        }
        /* relaxed: claims only; the slot came with its stamp. */
        if (wefti_cas_relaxed(&q->tail, &tail, following(q, at) * STEP)) {
            *position = at;
            return WEFT_OK;
        }
    }
}

/* The message is in its slot: show it. */
static inline void publish(bounded *q, slot *s, uint64_t position)
{
    /* release [bounded.full]: hands over the message. Light half of
     * [waiter.duel]. */
    wefti_store_light(&s->stamp, position + 1);
    wefti_waiters_notify(&q->readers);
}

static WEFT_COLD void publish_told(bounded *q, slot *s, uint64_t position)
{
    tell(s);
    publish(q, s, position);
}

static inline weft_status send_try(struct weft_chan *c, const void *msg)
{
    bounded *q = self_of(c);
    uint64_t position;
    weft_status status = claim_slot(q, &position);
    if (WEFT_UNLIKELY(status != WEFT_OK)) {
        return status;
    }
    slot *s = slot_at(q, position);
    wefti_copy_message(message_of(q, s), msg, c->type.size);
    if (WEFTI_CHAN_TELLS) {
        publish_told(q, s, position);
    } else {
        publish(q, s, position);
    }
    return WEFT_OK;
}

static bool writable(const void *arg)
{
    const bounded *q = arg;
    uint64_t tail = wefti_load_seq_cst(&q->tail); /* [waiter.sleepers] */
    uint64_t at = tail / STEP;
    /* seq_cst [waiter.duel]: the sleeper's look at what the reader frees. */
    uint64_t stamp = wefti_load_seq_cst(&slot_at(q, at)->stamp);
    return (tail & CLOSED) != 0 || (int64_t)(stamp - at) >= 0;
}

static weft_status attempt_send(struct weft_chan *c, wefti_buffer msg)
{
    return send_try(c, msg.from);
}

static const wefti_want a_slot = {attempt_send, writable, WEFT_FULL};

static weft_status send_until(struct weft_chan *c, const void *msg,
                              weft_deadline d)
{
    weft_status status = send_try(c, msg);
    if (WEFT_LIKELY(status != WEFT_FULL)) {
        return status;
    }
    wefti_chan_may_wait(c);
    return wefti_waiters_wait(&self_of(c)->writers, &a_slot, c,
                              (wefti_buffer){.from = msg}, d);
}

/* ---------------------------------------------------------- receiving */

/* The oldest message, to be taken by step; NULL if its slot is not full. */
static inline void *peek(const bounded *q)
{
    uint64_t next = wefti_load_relaxed(&q->next); /* relaxed: own store */
    slot *s = slot_at(q, next);
    /* acquire [bounded.full]: the message is seen whole. */
    return wefti_load_acquire(&s->stamp) == next + 1 ? message_of(q, s) : NULL;
}

/* The message at `next` was taken out: free its slot, go on. */
static inline void step(bounded *q)
{
    uint64_t next = wefti_load_relaxed(&q->next); /* relaxed: own store */
    /* release [bounded.free]: we are done with the message. Light half of
     * [waiter.duel]. */
    wefti_store_light(&slot_at(q, next)->stamp, next + q->lap);
    wefti_store_relaxed(&q->next, following(q, next)); /* others: a hint */
    wefti_waiters_notify(&q->writers);
}

static WEFT_COLD void step_told(bounded *q)
{
    tell(slot_at(q, wefti_load_relaxed(&q->next))); /* relaxed: own store */
    step(q);
}

/* Take a message that is there; true. */
static inline bool take(bounded *q, void *msg)
{
    const void *from = peek(q);
    if (from == NULL) {
        return false;
    }
    wefti_copy_message(msg, from, q->head.type.size);
    if (WEFTI_CHAN_TELLS) {
        step_told(q);
    } else {
        step(q);
    }
    return true;
}

/* Why take found nothing. WEFT_BUSY: a sender is copying it in. */
static weft_status why_none(const bounded *q)
{
    /* acquire [chan.closed]: closed means that all who sent are done. */
    uint64_t tail = wefti_load_acquire(&q->tail);
    if (tail / STEP != wefti_load_relaxed(&q->next)) { /* relaxed: own store */
        return WEFT_BUSY;
    }
    if ((tail & CLOSED) == 0) {
        return WEFT_EMPTY;
    }
    wefti_tsan_acquire(&q->tail); /* [chan.closed] */
    return WEFT_CLOSED;
}

static weft_status recv_try(struct weft_chan *c, void *msg)
{
    bounded *q = self_of(c);
    uint32_t turns = 0;
    while (!take(q, msg)) {
        weft_status status = why_none(q);
        if (status != WEFT_BUSY) {
            return status;
        }
        wefti_chan_turn(c, &turns);
    }
    return WEFT_OK;
}

static bool readable(const void *arg)
{
    const bounded *q = arg;
    uint64_t next = wefti_load_relaxed(&q->next); /* relaxed: own store */
    /* seq_cst [waiter.duel]: the sleeper's look at what senders publish. */
    return wefti_load_seq_cst(&slot_at(q, next)->stamp) == next + 1 ||
           (wefti_load_seq_cst(&q->tail) & CLOSED) != 0; /* [waiter.sleepers] */
}

static weft_status attempt_recv(struct weft_chan *c, wefti_buffer msg)
{
    bounded *q = self_of(c);
    if (take(q, msg.to)) {
        return WEFT_OK;
    }
    /* What is being copied in is no message yet: its sender will wake us. */
    return why_none(q) == WEFT_CLOSED ? WEFT_CLOSED : WEFT_EMPTY;
}

static const wefti_want a_message = {attempt_recv, readable, WEFT_EMPTY};

static weft_status recv_until(struct weft_chan *c, void *msg, weft_deadline d)
{
    bounded *q = self_of(c);
    if (WEFT_LIKELY(take(q, msg))) {
        return WEFT_OK;
    }
    wefti_chan_may_wait(c);
    return wefti_waiters_wait(&q->readers, &a_message, c,
                              (wefti_buffer){.to = msg}, d);
}

/* ------------------------------------------------------------ closing */

static void close_tx(struct weft_chan *c)
{
    bounded *q = self_of(c);
    wefti_tsan_release(&q->tail); /* [chan.closed] */
    /* seq_cst [waiter.sleepers], release [chan.closed]: every message sent is
     * visible to who sees it. */
    (void)wefti_or_seq_cst(&q->tail, CLOSED);
    wefti_waiters_wake_all(&q->readers);
}

/* Refuse what is to come; destroy what has come, in order, and what senders
 * that were faster are just copying in. */
static void close_rx(struct weft_chan *c)
{
    bounded *q = self_of(c);
    /* seq_cst [waiter.sleepers]: tail is final, a send after this is refused.
     */
    uint64_t end = wefti_or_seq_cst(&q->tail, CLOSED) / STEP;
    wefti_waiters_wake_all(&q->writers);
    uint32_t turns = 0;
    while (wefti_load_relaxed(&q->next) != end) { /* relaxed: own store */
        void *msg = peek(q);
        if (msg == NULL) {
            wefti_copy_turn(&turns);
            continue;
        }
        tell(slot_at(q, wefti_load_relaxed(&q->next))); /* own store */
        wefti_drop_message(c, msg);
        step(q);
    }
}

static void free_all(struct weft_chan *c)
{
    bounded *q = self_of(c);
    wefti_free(q, q->size, q->align);
}

static size_t len(const struct weft_chan *c)
{
    const bounded *q = (const void *)c;
    /* relaxed: a hint. next may be newer than tail: then all were taken. */
    uint64_t next = wefti_load_relaxed(&q->next);
    uint64_t tail = wefti_load_relaxed(&q->tail) / STEP; /* a hint */
    if (tail < next) {
        return 0;
    }
    uint64_t laps = tail / q->lap - next / q->lap;
    uint64_t waiting = tail - next - laps * (q->lap - c->capacity);
    return waiting < c->capacity ? (size_t)waiting : c->capacity;
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

static size_t round_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* Where things lie. false: there is no address space for it. */
static bool lay_out(bounded *q)
{
    const weft_chan_type *type = &q->head.type;
    size_t align =
        type->align > WEFT_ALIGNOF(slot) ? type->align : WEFT_ALIGNOF(slot);
    q->align = align > WEFT_ALIGNOF(bounded) ? align : WEFT_ALIGNOF(bounded);
    q->message = round_up(sizeof(slot), type->align);
    q->stride = round_up(q->message + type->size, align);
    q->lap = 2;
    while (q->lap <= q->head.capacity && q->lap < UINT64_MAX / 8) {
        q->lap *= 2;
    }
    size_t slots;
    return !__builtin_mul_overflow(q->stride, q->head.capacity, &slots) &&
           !__builtin_add_overflow(round_up(sizeof *q, align), slots,
                                   &q->size) &&
           q->size <= PTRDIFF_MAX;
}

struct weft_chan *wefti_bounded_create(const weft_chan_type *type,
                                       size_t capacity)
{
    bounded layout = {
        .head = {.flavour = &flavour, .type = *type, .capacity = capacity}};
    if (!lay_out(&layout)) {
        return NULL;
    }
    bounded *q = wefti_alloc(layout.size, layout.align);
    if (q == NULL) {
        return NULL;
    }
    *q = layout;
    q->slots = (char *)q + (layout.size - layout.stride * capacity);
    wefti_waiters_init(&q->readers);
    wefti_waiters_init(&q->writers);
    for (uint64_t i = 0; i < capacity; i++) {
        /* relaxed: nobody else knows the channel yet. */
        wefti_store_relaxed(&slot_at(q, i)->stamp, i);
    }
    return &q->head;
}
