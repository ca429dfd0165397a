/* What the kinds of channel have in common: the head of every channel, and
 * the table of functions behind which each kind hides.
 *
 * A hot call pays one indirect jump, to a target that never changes for a
 * channel. A flavour never sees the handles: chan.c counts them. */
#ifndef WEFT_SRC_CHAN_FLAVOUR_H
#define WEFT_SRC_CHAN_FLAVOUR_H

#include <weft/chan/chan.h>
#include <weft/base/atomic.h>

#include "base/asym.h"
#include "base/process.h"
#include "base/sanitizer.h"
#include "chan/waiter.h"

#include <string.h>

struct weft_chan;

/* Results are those of the public function of the same name. close_tx runs
 * once, when the last sender is gone, and close_rx once, when the last
 * receiver is; either may be first, and both may run at once. close_rx leaves
 * no message behind. free runs last, alone. */
typedef struct wefti_flavour {
    weft_status (*send_try)(struct weft_chan *c, const void *msg);
    weft_status (*send_until)(struct weft_chan *c, const void *msg,
                              weft_deadline d);
    weft_status (*recv_try)(struct weft_chan *c, void *msg);
    weft_status (*recv_until)(struct weft_chan *c, void *msg, weft_deadline d);
    void (*close_tx)(struct weft_chan *c);
    void (*close_rx)(struct weft_chan *c);
    void (*free)(struct weft_chan *c);
    size_t (*len)(const struct weft_chan *c);
} wefti_flavour;

/* First member of every flavour's channel, on a line that is only read while
 * messages flow. */
struct weft_chan {
    const wefti_flavour *flavour; /* constant after init; of send and recv */
    weft_chan_type type;          /* constant after init */
    size_t capacity;              /* constant after init */
    uint32_t process;             /* constant after init; its opener's */
    weft_atomic_u32 senders;      /* handles; states in chan.c */
    weft_atomic_u32 receivers;
    weft_atomic_u32 sides;     /* that still use the memory: 2, 1, 0 */
    const wefti_flavour *real; /* constant after init; for all the rest */
};

/* Whether the threads at the other end stayed in the process that this one was
 * forked from. */
static inline bool wefti_chan_is_lost(const struct weft_chan *c)
{
    return c->process != wefti_process();
}

WEFT_NORETURN WEFT_COLD void wefti_chan_lost(void);

/* Before a wait for another thread: there must be one. */
static inline void wefti_chan_may_wait(const struct weft_chan *c)
{
    if (WEFT_UNLIKELY(wefti_chan_is_lost(c))) {
        wefti_chan_lost();
    }
}

/* One turn of waiting for another thread that is in the middle of a copy. */
static inline void wefti_chan_turn(const struct weft_chan *c, uint32_t *turns)
{
    wefti_chan_may_wait(c);
    wefti_copy_turn(turns);
}

/* Whether ThreadSanitizer may have to be told of a message. Asymmetric fences
 * are off where it watches, so a fast path, which asks for them anyway, asks no
 * second question; where they are off for another reason, telling does nothing.
 */
#define WEFTI_CHAN_TELLS (!WEFT_TSAN && WEFT_UNLIKELY(!wefti_asym))

/* Copy one message. Words, the most frequent message, without a call. */
static inline void wefti_copy_message(void *restrict to,
                                      const void *restrict from, size_t size)
{
    if (WEFT_LIKELY(size == sizeof(uint64_t))) {
        memcpy(to, from, sizeof(uint64_t));
    } else {
        memcpy(to, from, size);
    }
}

static inline void wefti_drop_message(const struct weft_chan *c, void *msg)
{
    if (c->type.drop != NULL) {
        wefti_tsan_show();
        c->type.drop(msg);
        wefti_tsan_hide();
    }
}

#endif
