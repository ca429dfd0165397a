/* The ends of a channel: who holds one, and what happens when they let go.
 *
 * senders, receivers   living handles; 0 is final
 * sides                2 -> 1 -> 0, a step by the last handle of each side
 *                      once its close is done; who makes it 0 frees */
#include <weft/chan/chan.h>
#include <weft/base/panic.h>

#include "base/asym.h"
#include "base/checked.h"
#include "base/sanitizer.h"
#include "chan/bounded.h"
#include "chan/flavour.h"
#include "chan/rendezvous.h"
#include "chan/unbounded.h"

enum { MAX_HANDLES = INT32_MAX };

void wefti_chan_dead_end(const char *call)
{
    weft_panic("%s: this end of the channel was moved away, dropped or never "
               "opened",
               call);
}

void wefti_chan_lost(void)
{
    weft_panic("this channel was opened before the process forked: its other "
               "threads stayed in the parent; here its ends can only be "
               "dropped");
}

#if WEFT_CHECKED
/* More than that the handle is empty: where it was emptied, and whether it is
 * a copy of one that was. */
static void check_end(const void *end, const struct weft_chan *c, bool is_tx,
                      const char *call)
{
    if (c == NULL) {
        weft_panic("%s: this end of the channel was moved away, dropped or "
                   "never opened%s",
                   call, wefti_emptied_where(end).text);
    }
    /* relaxed: 0 is final. */
    if (wefti_is_dead((uintptr_t)c->flavour) ||
        wefti_load_relaxed(is_tx ? &c->senders : &c->receivers) == 0) {
        weft_panic("%s: this end of the channel is a copy of a handle that "
                   "was dropped: hand ends on by _move, and make more of them "
                   "by _clone",
                   call);
    }
}
#endif

static inline struct weft_chan *live_tx(const weft_chan_tx *tx,
                                        const char *call)
{
    WEFTI_CHECKED(check_end(tx, tx->chan, true, call));
    if (WEFT_UNLIKELY(tx->chan == NULL)) {
        wefti_chan_dead_end(call);
    }
    return tx->chan;
}

static inline struct weft_chan *live_rx(const weft_chan_rx *rx,
                                        const char *call)
{
    WEFTI_CHECKED(check_end(rx, rx->chan, false, call));
    if (WEFT_UNLIKELY(rx->chan == NULL)) {
        wefti_chan_dead_end(call);
    }
    return rx->chan;
}

static void check_type(const weft_chan_type *type, const char *call)
{
    if (type->size == 0 || type->align == 0 ||
        (type->align & (type->align - 1)) != 0 ||
        type->size % type->align != 0 || type->size > PTRDIFF_MAX) {
        weft_panic("%s: no message has a size of %zu and an alignment of %zu",
                   call, type->size, type->align);
    }
}

/* ------------------------------------------------------ ThreadSanitizer
 * Where it watches the program, send and recv go through these. What is done
 * to the program's memory is told here, for it may be done by another thread;
 * what is done to the channel's memory is none of the program's business, and
 * hidden. The flavours tell what a message orders. A receive also counts as a
 * write, so that two at a time are reported. */

static weft_status watched_send_try(struct weft_chan *c, const void *msg)
{
    wefti_tsan_reads(msg, c->type.size, WEFTI_CALLER);
    wefti_tsan_hide();
    weft_status status = c->real->send_try(c, msg);
    wefti_tsan_show();
    return status;
}

static weft_status watched_send_until(struct weft_chan *c, const void *msg,
                                      weft_deadline d)
{
    wefti_tsan_reads(msg, c->type.size, WEFTI_CALLER);
    wefti_tsan_hide();
    weft_status status = c->real->send_until(c, msg, d);
    wefti_tsan_show();
    return status;
}

static weft_status watched_recv_try(struct weft_chan *c, void *msg)
{
    wefti_tsan_writes(&c->receivers, sizeof c->receivers, WEFTI_CALLER);
    wefti_tsan_hide();
    weft_status status = c->real->recv_try(c, msg);
    wefti_tsan_show();
    if (status == WEFT_OK) {
        wefti_tsan_writes(msg, c->type.size, WEFTI_CALLER);
    }
    return status;
}

static weft_status watched_recv_until(struct weft_chan *c, void *msg,
                                      weft_deadline d)
{
    wefti_tsan_writes(&c->receivers, sizeof c->receivers, WEFTI_CALLER);
    wefti_tsan_hide();
    weft_status status = c->real->recv_until(c, msg, d);
    wefti_tsan_show();
    if (status == WEFT_OK) {
        wefti_tsan_writes(msg, c->type.size, WEFTI_CALLER);
    }
    return status;
}

static const wefti_flavour watched = {
    .send_try = watched_send_try,
    .send_until = watched_send_until,
    .recv_try = watched_recv_try,
    .recv_until = watched_recv_until,
};

/* ------------------------------------------------------------- opening */

static weft_status hand_out(struct weft_chan *c, weft_chan_tx *tx,
                            weft_chan_rx *rx)
{
    wefti_tsan_show();
    tx->chan = c;
    rx->chan = c;
    if (c == NULL) {
        return WEFT_NO_MEMORY;
    }
    c->process = wefti_process();
    c->real = c->flavour;
    if (WEFTI_TSAN_BLIND) {
        c->flavour = &watched;
    }
    /* relaxed: nobody else knows the channel yet. */
    wefti_store_relaxed(&c->senders, 1);
    wefti_store_relaxed(&c->receivers, 1);
    wefti_store_relaxed(&c->sides, 2);
    return WEFT_OK;
}

weft_status weft_chan_open(const weft_chan_type *type, size_t capacity,
                           weft_chan_tx *tx, weft_chan_rx *rx) WEFT_UNCHECKED
{
    check_type(type, "weft_chan_open");
    wefti_asym_init();
    wefti_tsan_writes(tx, sizeof *tx, WEFTI_CALLER);
    wefti_tsan_writes(rx, sizeof *rx, WEFTI_CALLER);
    wefti_tsan_hide();
    return hand_out(capacity == 0 ? wefti_rendezvous_create(type)
                                  : wefti_bounded_create(type, capacity),
                    tx, rx);
}

weft_status weft_chan_open_unbounded(const weft_chan_type *type,
                                     weft_chan_tx *tx,
                                     weft_chan_rx *rx) WEFT_UNCHECKED
{
    check_type(type, "weft_chan_open_unbounded");
    wefti_asym_init();
    wefti_tsan_writes(tx, sizeof *tx, WEFTI_CALLER);
    wefti_tsan_writes(rx, sizeof *rx, WEFTI_CALLER);
    wefti_tsan_hide();
    return hand_out(wefti_unbounded_create(type), tx, rx);
}

/* ------------------------------------------------------------- messages */

weft_status weft_chan_send(weft_chan_tx *tx, const void *msg)
{
    struct weft_chan *c = live_tx(tx, "weft_chan_send");
    return c->flavour->send_until(c, msg, WEFT_FOREVER);
}

weft_status weft_chan_send_try(weft_chan_tx *tx, const void *msg)
{
    struct weft_chan *c = live_tx(tx, "weft_chan_send_try");
    return c->flavour->send_try(c, msg);
}

weft_status weft_chan_send_until(weft_chan_tx *tx, const void *msg,
                                 weft_deadline d)
{
    struct weft_chan *c = live_tx(tx, "weft_chan_send_until");
    return c->flavour->send_until(c, msg, d);
}

weft_status weft_chan_recv(weft_chan_rx *rx, void *msg)
{
    struct weft_chan *c = live_rx(rx, "weft_chan_recv");
    return c->flavour->recv_until(c, msg, WEFT_FOREVER);
}

weft_status weft_chan_recv_try(weft_chan_rx *rx, void *msg)
{
    struct weft_chan *c = live_rx(rx, "weft_chan_recv_try");
    return c->flavour->recv_try(c, msg);
}

weft_status weft_chan_recv_until(weft_chan_rx *rx, void *msg, weft_deadline d)
{
    struct weft_chan *c = live_rx(rx, "weft_chan_recv_until");
    return c->flavour->recv_until(c, msg, d);
}

/* ------------------------------------------------------------- handles */

void weft_chan_tx_clone(weft_chan_tx *out,
                        const weft_chan_tx *tx) WEFT_UNCHECKED
{
    struct weft_chan *c = live_tx(tx, "weft_chan_tx_clone");
    /* relaxed: the caller's own handle keeps the count above 0. */
    if (wefti_add_relaxed(&c->senders, 1) >= MAX_HANDLES) {
        (void)wefti_sub_relaxed(&c->senders, 1); /* as above */
        weft_panic("weft_chan_tx_clone: more than 2^31 senders");
    }
    wefti_tsan_writes(out, sizeof *out, WEFTI_CALLER);
    out->chan = c;
}

/* One handle of a side is gone; true: it was that side's last. */
static bool was_last(weft_atomic_u32 *handles)
{
    wefti_tsan_release(handles); /* [chan.handles] */
    /* release [chan.handles]: what this holder did, for the one who closes;
     * acquire [chan.handles]: what the others did, if that is this one. */
    bool last = wefti_sub_acq_rel(handles, 1) == 1;
    if (last) {
        wefti_tsan_acquire(handles); /* [chan.handles] */
    }
    return last;
}

static void leave(struct weft_chan *c)
{
    /* release [chan.sides]: this side is done;
     * acquire [chan.sides]: so is the other one, if this frees. */
    if (wefti_sub_acq_rel(&c->sides, 1) == 1) {
        c->real->free(c);
    }
}

void weft_chan_tx_drop(weft_chan_tx *tx) WEFT_UNCHECKED
{
    struct weft_chan *c = live_tx(tx, "weft_chan_tx_drop");
    wefti_tsan_writes(tx, sizeof *tx, WEFTI_CALLER);
    tx->chan = NULL;
    WEFTI_CHECKED(wefti_emptied(tx, "dropped", WEFTI_HERE));
    if (!wefti_chan_is_lost(c) && was_last(&c->senders)) {
        wefti_tsan_hide();
        c->real->close_tx(c);
        leave(c);
        wefti_tsan_show();
    }
}

void weft_chan_rx_drop(weft_chan_rx *rx) WEFT_UNCHECKED
{
    struct weft_chan *c = live_rx(rx, "weft_chan_rx_drop");
    wefti_tsan_writes(rx, sizeof *rx, WEFTI_CALLER);
    rx->chan = NULL;
    WEFTI_CHECKED(wefti_emptied(rx, "dropped", WEFTI_HERE));
    if (!wefti_chan_is_lost(c) && was_last(&c->receivers)) {
        wefti_tsan_hide();
        c->real->close_rx(c);
        leave(c);
        wefti_tsan_show();
    }
}

size_t weft_chan_tx_len(weft_chan_tx *tx)
{
    struct weft_chan *c = live_tx(tx, "weft_chan_tx_len");
    return c->real->len(c);
}

size_t weft_chan_rx_len(weft_chan_rx *rx)
{
    struct weft_chan *c = live_rx(rx, "weft_chan_rx_len");
    return c->real->len(c);
}

size_t weft_chan_tx_capacity(weft_chan_tx *tx)
{
    return live_tx(tx, "weft_chan_tx_capacity")->capacity;
}

size_t weft_chan_rx_capacity(weft_chan_rx *rx)
{
    return live_rx(rx, "weft_chan_rx_capacity")->capacity;
}

bool weft_chan_tx_is_closed(weft_chan_tx *tx)
{
    struct weft_chan *c = live_tx(tx, "weft_chan_tx_is_closed");
    /* relaxed: a hint. */
    return wefti_load_relaxed(&c->receivers) == 0;
}

bool weft_chan_rx_is_closed(weft_chan_rx *rx)
{
    struct weft_chan *c = live_rx(rx, "weft_chan_rx_is_closed");
    /* relaxed: a hint. */
    return wefti_load_relaxed(&c->senders) == 0;
}
