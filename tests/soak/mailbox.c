/* Mailboxes that stand for long: the address hangs on a board, under a mutex;
 * whoever likes takes a copy and sends. The owner empties its box, and now and
 * then tears it down in the middle of the traffic and puts up another, of
 * another kind. What was sent is received or destroyed. */
#include "soak.h"

enum { BOXES = 2, REPLACE_ONE_IN = 40 };

typedef struct letter {
    uint64_t value;
    uint64_t check;
} letter;
WEFT_SEND(letter);

static weft_atomic_u64 sent, received, destroyed;

static void destroy(letter *l)
{
    soak_check(l->check == ~l->value);
    weft_atomic_u64_add_relaxed(&destroyed, 1);
}

WEFT_CHAN_DEFINE_DROP(letters, letter, destroy);

typedef struct address {
    letters_tx tx; /* empty: there is no box at the moment */
} address;
WEFT_MUTEX_DEFINE(board, address);

static board boards[BOXES];
static letters_rx boxes[BOXES]; /* owner only */

static weft_status open_somehow(soak_self *me, letters_tx *tx, letters_rx *rx)
{
    const uint64_t kind = soak_below(me, 4);
    return kind == 3 ? letters_open_unbounded(tx, rx)
                     : letters_open((size_t)kind, tx, rx);
}

/* Take the old address, if there is one, off the board and put up the new. */
static void put_up(board *b, letters_tx *tx)
{
    letters_tx old = {0};
    WEFT_LOCK(board, g, b) {
        old = board_get(&g)->tx; /* it may be empty, which _move refuses */
        board_get(&g)->tx = letters_tx_move(tx);
    }
    letters_tx_drop_auto(&old);
}

static void replace(soak_self *me)
{
    WEFT_AUTO(letters_tx, tx);
    WEFT_AUTO(letters_rx, rx);
    const weft_status s = open_somehow(me, &tx, &rx);
    soak_note_status(me, s);
    if (s == WEFT_OK) {
        put_up(&boards[me->index], &tx);
        letters_rx_drop_auto(&boxes[me->index]);
        boxes[me->index] = letters_rx_move(&rx);
    }
}

static void empty_box(soak_self *me)
{
    letters_rx *rx = &boxes[me->index];
    for (int i = 0; i < 50; i++) {
        letter l;
        const weft_status s =
            letters_recv_until(rx, &l, weft_deadline_after_us(200));
        soak_note_status(me, s);
        soak_check(s != WEFT_CLOSED); /* the board keeps one sender alive */
        if (s == WEFT_OK) {
            soak_check(l.check == ~l.value);
            weft_atomic_u64_add_relaxed(&received, 1);
        }
    }
}

static bool copy_address(board *b, letters_tx *tx)
{
    bool there = false;
    WEFT_LOCK(board, g, b) {
        there = board_get(&g)->tx.raw.chan != NULL;
        if (there) {
            letters_tx_clone(tx, &board_get(&g)->tx);
        }
    }
    return there;
}

static void write_letters(soak_self *me)
{
    WEFT_AUTO(letters_tx, tx);
    if (!copy_address(&boards[soak_below(me, BOXES)], &tx)) {
        weft_thread_yield();
        return;
    }
    for (uint64_t i = soak_below(me, 20); i > 0; i--) {
        const uint64_t value = soak_below(me, UINT64_MAX);
        const letter l = {value, ~value};
        const weft_status s =
            soak_chance(me, 2) ? letters_send(&tx, l)
                               : letters_send_until(&tx, l, soak_deadline(me));
        soak_note_status(me, s);
        weft_atomic_u64_add_relaxed(&sent, s == WEFT_OK);
    }
}

/* The first players own a box each, the others write. */
static void play(void *arg)
{
    soak_self *me = arg;
    if (me->index >= BOXES) {
        write_letters(me);
    } else if (boxes[me->index].raw.chan == NULL ||
               soak_chance(me, REPLACE_ONE_IN)) {
        replace(me);
    } else {
        empty_box(me);
    }
}

/* What a block form says by a panic here is that there was no memory. */
static void act(soak_self *me)
{
    weft_panic_info info;
    if (weft_catch_unwind(play, me, &info) != WEFT_OK) {
        soak_check(soak_is_refusal(&info));
        soak_note(me, SOAK_REFUSED);
    }
}

static void stop(uint32_t index)
{
    if (index < BOXES) {
        letters_rx_drop_auto(&boxes[index]);
    }
}

static void end(void)
{
    for (size_t i = 0; i < BOXES; i++) {
        letters_tx_drop_auto(&board_get_unshared(&boards[i])->tx);
    }
    soak_check(weft_atomic_u64_load_relaxed(&sent) ==
               weft_atomic_u64_load_relaxed(&received) +
                   weft_atomic_u64_load_relaxed(&destroyed));
}

const soak_actor soak_mailbox = {"mailbox", BOXES + 2, NULL, act, stop, end};
