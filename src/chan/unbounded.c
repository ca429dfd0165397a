/* A linked list of blocks of slots, after the list flavour of crossbeam's
 * channels (Stjepan Glavina), with one reader, a flag byte a slot, and blocks
 * sized by their messages. Protocol and proofs: README.md, "Unbounded".
 *
 * A position counts slots; the last of each lap stands for no slot but for
 * "the next block is being linked in". `tail` is a position times 2, plus
 *   CLOSED  a side is gone: set once, by close_tx or close_rx, for ever
 * and moves by read-modify-write only, so that no step can lose the bit. */
#include "chan/unbounded.h"

#include "base/alloc.h"
#include "base/asym.h"
#include "chan/waiter.h"

/* Positions in a lap, a power of two, are at most MAX_LAP, and fewer where a
 * block would have more than BLOCK_BYTES of messages. Under the explorer a lap
 * ends soon: 4 positions, and 2 for messages of more than 21 bytes. */
#ifdef WEFT_MODEL
enum { MAX_LAP = 4, BLOCK_BYTES = 64 };
#else
enum { MAX_LAP = 64, BLOCK_BYTES = 4096 };
#endif

enum { CLOSED = 1, STEP = 2, MIN_LAP = 2 };

typedef struct block {
    WEFT_ATOMIC(struct block *) next;
    WEFT_ATOMIC(uint8_t) full[MAX_LAP]; /* one of the states below */
} block;                                /* messages follow */

/* Of a slot: its message may be read; and the sender told ThreadSanitizer. */
enum { EMPTY = 0, FULL = 1, TOLD = 2 };

typedef WEFT_ATOMIC(block *) block_word;

typedef struct unbounded {
    struct weft_chan head;
    size_t lap;      /* constant after init: positions a block */
    size_t messages; /* constant after init: offset of the first one */
    size_t align;    /* constant after init: of a block */

    /* Written by senders; the last word by a receiver that goes to sleep. */
    WEFT_ALIGNED(WEFT_CACHE_LINE) WEFT_ATOMIC(uint64_t) tail;
    block_word tail_block; /* where the slot at tail is */
    wefti_waiters readers;

    /* Written by the receiver. */
    WEFT_ALIGNED(WEFT_CACHE_LINE) WEFT_ATOMIC(uint64_t) next; /* to be read */
    block *next_block; /* receiver only: where that is */
    block_word spare;  /* one empty block, or NULL */
} unbounded;

static unbounded *self_of(struct weft_chan *c)
{
    return (unbounded *)(void *)c;
}

static void *message_at(const unbounded *q, block *b, size_t at)
{
    return (char *)b + q->messages + at * q->head.type.size;
}

static size_t block_size(const unbounded *q)
{
    return q->messages + (q->lap - 1) * q->head.type.size;
}

/* ------------------------------------------------------------- blocks */

/* Keep an empty block for the next who needs one; free the one kept before. */
static void block_give(unbounded *q, block *b)
{
    /* acq_rel [unbounded.spare]: hands over an empty block. */
    block *old = wefti_swap_acq_rel(&q->spare, b);
    wefti_free(old, block_size(q), q->align);
}

/* An empty block. NULL: out of memory. */
static block *block_take(unbounded *q)
{
    block *b = NULL;
    /* relaxed: re-checked by the swap. */
    if (wefti_load_relaxed(&q->spare) != NULL) {
        /* acquire [unbounded.spare]: the block is seen empty. */
        b = wefti_swap_acquire(&q->spare, NULL);
    }
    if (b == NULL) {
        b = wefti_alloc(block_size(q), q->align);
        if (b != NULL) {
            memset(b, 0, sizeof *b);
        }
    }
    return b;
}

/* ------------------------------------------------------------ sending */

/* What a sender has got: the slot `at` of b. */
typedef struct claim {
    block *b;
    size_t at;
} claim;

/* We hold the last slot of b: link the next block in, and let the senders who
 * wait at the lap's last position go on. */
static void link_next(unbounded *q, block *b, block *next)
{
    /* release [unbounded.block]: the block is seen empty; and who sees it
     * sees that the last slot before it is taken. */
    wefti_store_release(&q->tail_block, next);
    /* release [unbounded.tail]: who sees this position sees tail_block. */
    (void)wefti_add_release(&q->tail, STEP);
    /* relaxed: the flag of the last slot, stored after this, hands it over. */
    wefti_store_relaxed(&b->next, next);
}

/* Claim the slot at tail. Waits only for a sender that is linking a block. */
static weft_status claim_slot(unbounded *q, claim *got)
{
    const size_t last = q->lap - 1;
    block *next = NULL;
    uint32_t turns = 0;
    weft_status status = WEFT_OK;
    /* acquire [unbounded.tail]: tail_block is at least that of this lap. */
    uint64_t tail = wefti_load_acquire(&q->tail);
    for (;;) {
        got->at = (size_t)(tail / STEP) & last;
        if (WEFT_UNLIKELY(tail & CLOSED)) {
            status = WEFT_CLOSED;
            break;
        }
        if (WEFT_UNLIKELY(got->at == last)) {
            wefti_chan_turn(&q->head, &turns);
            tail = wefti_load_acquire(&q->tail); /* [unbounded.tail] */
            continue;
        }
        if (WEFT_UNLIKELY(got->at + 1 == last && next == NULL)) {
            next = block_take(q);
            if (next == NULL) {
                return WEFT_NO_MEMORY;
            }
        }
        /* acquire [unbounded.block]: if it is of a later lap already, the
         * swap below sees that tail has moved on, and fails. */
        got->b = wefti_load_acquire(&q->tail_block);
        /* acquire [unbounded.tail]: as above, also when it fails. */
        if (wefti_cas_acquire_or_acquire(&q->tail, &tail, tail + STEP)) {
            break;
        }
    }
    if (WEFT_UNLIKELY(next != NULL)) {
        if (status == WEFT_OK && got->at + 1 == last) {
            link_next(q, got->b, next);
        } else {
            block_give(q, next);
        }
    }
    return status;
}

/* The message is in its slot: show it. */
static inline void publish(unbounded *q, block *b, size_t at, uint8_t full)
{
    /* release [unbounded.full]: hands over the message, and the next block.
     * After it the block may be read out, emptied and freed.
     * Light half of [waiter.duel]. */
    wefti_store_light(&b->full[at], full);
    wefti_waiters_notify(&q->readers);
}

static WEFT_COLD void publish_told(unbounded *q, block *b, size_t at)
{
    wefti_tsan_release(&b->full[at]); /* [unbounded.full] */
    publish(q, b, at, WEFTI_TSAN_BLIND ? TOLD : FULL);
}

static weft_status send_try(struct weft_chan *c, const void *msg)
{
    unbounded *q = self_of(c);
    claim got;
    weft_status status = claim_slot(q, &got);
    if (WEFT_UNLIKELY(status != WEFT_OK)) {
        return status;
    }
    const size_t at = got.at;
    wefti_copy_message(message_at(q, got.b, at), msg, c->type.size);
    if (WEFTI_CHAN_TELLS) {
        publish_told(q, got.b, at);
    } else {
        publish(q, got.b, at, FULL);
    }
    return WEFT_OK;
}

static weft_status send_until(struct weft_chan *c, const void *msg,
                              weft_deadline d)
{
    (void)d;
    return send_try(c, msg);
}

/* ---------------------------------------------------------- receiving */

/* All slots of next_block have been read, and no sender touches it any more:
 * the flag was the last thing that each of them stored. */
static void next_lap(unbounded *q)
{
    block *b = q->next_block;
    /* relaxed: came with the last slot's flag. */
    q->next_block = wefti_load_relaxed(&b->next);
    memset(b, 0, sizeof *b);
    block_give(q, b);
}

/* The message at `next` was taken out: go on to the following slot. */
WEFT_ALWAYS_INLINE void step(unbounded *q, uint64_t next)
{
    next++;
    if (WEFT_UNLIKELY((next & (q->lap - 1)) == q->lap - 1)) {
        next_lap(q);
        next++;
    }
    wefti_store_relaxed(&q->next,
                        next); /* relaxed: own store; others: a hint */
}

/* The slot of the oldest message, be it there or not. */
static inline size_t slot_of(const unbounded *q, uint64_t next)
{
    return (size_t)next & (q->lap - 1);
}

/* The oldest message, to be taken by step; NULL if its slot is not full. */
static void *peek(unbounded *q, uint64_t *next)
{
    *next = wefti_load_relaxed(&q->next); /* relaxed: own store */
    size_t at = slot_of(q, *next);
    /* acquire [unbounded.full]: the message is seen whole. */
    uint8_t full = wefti_load_acquire(&q->next_block->full[at]);
    if (full == TOLD) {
        wefti_tsan_acquire(&q->next_block->full[at]);
    }
    return full != EMPTY ? message_at(q, q->next_block, at) : NULL;
}

/* Of the slots before tail, is the one at `next`? */
static bool claimed(const unbounded *q, uint64_t tail, uint64_t next)
{
    uint64_t position = tail / STEP;
    /* A tail in the act of linking is past every slot of the lap. */
    position += (position & (q->lap - 1)) == q->lap - 1;
    return position != next;
}

/* Take a message that is there; true. */
static WEFT_COLD bool take_any(unbounded *q, void *msg)
{
    uint64_t next;
    const void *from = peek(q, &next);
    if (from == NULL) {
        return false;
    }
    wefti_copy_message(msg, from, q->head.type.size);
    step(q, next);
    return true;
}

/* The same without a call, but for what take_any must look at. */
static inline bool take(unbounded *q, void *msg)
{
    uint64_t next = wefti_load_relaxed(&q->next); /* relaxed: own store */
    size_t at = slot_of(q, next);
    /* acquire [unbounded.full]: the message is seen whole. */
    if (wefti_load_acquire(&q->next_block->full[at]) != FULL) {
        return false;
    }
    wefti_copy_message(msg, message_at(q, q->next_block, at),
                       q->head.type.size);
    step(q, next);
    return true;
}

/* Why take found nothing. WEFT_BUSY: a sender is copying it in. */
static weft_status why_none(const unbounded *q)
{
    /* acquire [chan.closed]: closed means that all who sent are done. */
    uint64_t tail = wefti_load_acquire(&q->tail);
    if (claimed(q, tail,
                wefti_load_relaxed(&q->next))) { /* relaxed: own store */
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
    unbounded *q = self_of(c);
    uint32_t turns = 0;
    while (!take(q, msg) && !take_any(q, msg)) {
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
    const unbounded *q = arg;
    uint64_t next = wefti_load_relaxed(&q->next); /* relaxed: own store */
    size_t at = slot_of(q, next);
    /* seq_cst [waiter.duel]: the sleeper's look at what senders publish. */
    return wefti_load_seq_cst(&q->next_block->full[at]) != EMPTY ||
           (wefti_load_seq_cst(&q->tail) & CLOSED) != 0; /* [waiter.sleepers] */
}

static weft_status attempt_recv(struct weft_chan *c, wefti_buffer msg)
{
    unbounded *q = self_of(c);
    if (take_any(q, msg.to)) {
        return WEFT_OK;
    }
    /* A message that is being copied in is none yet: its sender will wake us.
     */
    return why_none(q) == WEFT_CLOSED ? WEFT_CLOSED : WEFT_EMPTY;
}

static const wefti_want a_message = {attempt_recv, readable, WEFT_EMPTY};

static weft_status recv_until(struct weft_chan *c, void *msg, weft_deadline d)
{
    unbounded *q = self_of(c);
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
    unbounded *q = self_of(c);
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
    unbounded *q = self_of(c);
    /* seq_cst [chan.closed]: a send after this is refused, and tail is final
     * but for the link of a block that was claimed before. */
    uint64_t tail = wefti_or_seq_cst(&q->tail, CLOSED);
    uint64_t next;
    uint32_t turns = 0;
    while (claimed(q, tail,
                   wefti_load_relaxed(&q->next))) { /* relaxed: own store */
        void *msg = peek(q, &next);
        if (msg == NULL) {
            wefti_copy_turn(&turns);
            continue;
        }
        wefti_drop_message(c, msg);
        step(q, next);
    }
}

static void free_all(struct weft_chan *c)
{
    unbounded *q = self_of(c);
    /* relaxed: the last to leave is alone, ordered by [chan.sides]. */
    wefti_free(wefti_load_relaxed(&q->spare), block_size(q), q->align);
    wefti_free(q->next_block, block_size(q), q->align);
    WEFTI_DELETE(q);
}

static size_t len(const struct weft_chan *c)
{
    const unbounded *q = (const void *)c;
    /* relaxed: a hint. The position of a lap that is no slot is not counted.
     * next may be newer than tail: then all were taken. */
    uint64_t next = wefti_load_relaxed(&q->next);
    uint64_t tail = wefti_load_relaxed(&q->tail) / STEP; /* a hint */
    if (tail < next) {
        return 0;
    }
    return (size_t)((tail - next) - (tail / q->lap - next / q->lap));
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

/* As many messages as make a block of some BLOCK_BYTES, but at least one. */
static size_t choose_lap(size_t message)
{
    size_t lap = MAX_LAP;
    while (lap > MIN_LAP && (lap - 1) > BLOCK_BYTES / message) {
        lap /= 2;
    }
    return lap;
}

struct weft_chan *wefti_unbounded_create(const weft_chan_type *type)
{
    unbounded *q = WEFTI_NEW(unbounded);
    if (q == NULL) {
        return NULL;
    }
    q->head.flavour = &flavour;
    q->head.type = *type;
    q->head.capacity = SIZE_MAX;
    q->lap = choose_lap(type->size);
    q->align =
        type->align > WEFT_ALIGNOF(block) ? type->align : WEFT_ALIGNOF(block);
    q->messages = (sizeof(block) + q->align - 1) & ~(q->align - 1);
    wefti_waiters_init(&q->readers);
    q->next_block = block_take(q);
    if (q->next_block == NULL) {
        WEFTI_DELETE(q);
        return NULL;
    }
    /* relaxed: nobody else knows the channel yet. */
    wefti_store_relaxed(&q->tail_block, q->next_block);
    return &q->head;
}
