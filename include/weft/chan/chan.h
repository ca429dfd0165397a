/* Channels: values handed from thread to thread, in order.
 *
 * A channel is a pipe for messages of one type, with a sending end that may be
 * cloned and one receiving end. Three kinds share every call below: bounded
 * (senders wait while it is full), rendezvous (capacity 0: a send ends when a
 * receiver has taken the message) and unbounded (a send never waits).
 * Programs use the typed form made by WEFT_CHAN_DEFINE; the functions over
 * `void *` in this file are what it is made of. */
#ifndef WEFT_CHAN_CHAN_H
#define WEFT_CHAN_CHAN_H

#include <weft/base/checked.h>
#include <weft/base/own.h>
#include <weft/base/send.h>
#include <weft/base/status.h>
#include <weft/base/time.h>

WEFT_BEGIN_DECLS

/* What a channel must know about its messages. Copied by open. */
typedef struct weft_chan_type {
    size_t size;  /* bytes of a message; at least 1, a multiple of align */
    size_t align; /* a power of two */
    /* Destroys a message that nobody will receive; NULL: nothing to do. Runs
     * in the thread that drops the receiver; may use and drop channels, this
     * one's senders included; must not panic, or the channel leaks. */
    void (*drop)(void *msg);
} weft_chan_type;

/* The two ends of a channel.
 * Storage   the caller's; one pointer, moved by _move, never by assignment.
 *           All-zero bytes are an end that was moved away or dropped: any use
 *           of it panics, but for _drop_auto, which does nothing.
 * Threads   a sender may be used by many threads at once, or cloned for each;
 *           a receiver by one thread at a time, which is not checked. An end
 *           may be dropped when no other call on it is in progress. Ends move
 *           between threads; a receiver sent through its own channel leaks.
 * Ordering  what came before a send is visible after the recv that got its
 *           message, and what came before the drop of a sender, after the recv
 *           that says WEFT_CLOSED; messages of one sender arrive in the order
 *           of its sends.
 * Closing   when the last sender is dropped, recv hands out what is left and
 *           then says WEFT_CLOSED. When the receiver is dropped, what is left
 *           is destroyed, once, before the drop returns, and each send says
 *           WEFT_CLOSED. Either wakes those who wait.
 * Memory    messages are copied as bytes, straight between the caller's
 *           buffer and the channel's: never by way of the stack.
 * Fork      a forked child can only drop the ends that its parent opened, which
 *           then destroys nothing; a call that would have to wait panics. */
typedef struct WEFT_HANDLE weft_chan_tx {
    struct weft_chan *chan;
} weft_chan_tx;

typedef struct WEFT_HANDLE weft_chan_rx {
    struct weft_chan *chan;
} weft_chan_rx;

/* Open a channel for at most `capacity` waiting messages; 0 is a rendezvous.
 * Allocates all that the channel will ever need.
 * WEFT_OK: the caller owns both ends.
 * WEFT_NO_MEMORY: also if capacity messages are more than an address space can
 * hold; both ends are as if dropped. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_open(const weft_chan_type *type,
                                                   size_t capacity,
                                                   weft_chan_tx *tx,
                                                   weft_chan_rx *rx)
    WEFT_ACQUIRES_IF(WEFT_OK, *tx, *rx);

/* Open a channel that grows as messages wait, and shrinks as they leave: what
 * it keeps when drained is room for about 64 small messages. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_open_unbounded(
    const weft_chan_type *type, weft_chan_tx *tx, weft_chan_rx *rx)
    WEFT_ACQUIRES_IF(WEFT_OK, *tx, *rx);

/* Send the message at `msg`. Blocks while a bounded channel is full, and on a
 * rendezvous until the message was taken; an unbounded channel may allocate.
 * WEFT_OK: the message is the channel's. Any other result: it is still the
 * caller's, untouched.
 * WEFT_CLOSED: the receiver is gone, for ever.
 * WEFT_NO_MEMORY: an unbounded channel could not grow. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_send(weft_chan_tx *tx,
                                                   const void *msg)
    WEFT_REQUIRES(*tx);

/* The same without waiting. WEFT_FULL: no room, or on a rendezvous nobody who
 * waits to receive. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_send_try(weft_chan_tx *tx,
                                                       const void *msg)
    WEFT_REQUIRES(*tx);

/* The same, giving up at d. WEFT_TIMEOUT: no room by then. A deadline in the
 * past still sends if that takes no waiting. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_send_until(weft_chan_tx *tx,
                                                         const void *msg,
                                                         weft_deadline d)
    WEFT_REQUIRES(*tx);

/* Take the oldest message and write it to `msg`. Blocks while there is none
 * and a sender lives; allocates nothing.
 * WEFT_OK: the message is the caller's. Any other result leaves `msg` alone.
 * WEFT_CLOSED: no message is left and none will come. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_recv(weft_chan_rx *rx, void *msg)
    WEFT_REQUIRES(*rx);

/* The same without waiting, but for a sender that is just then copying the
 * oldest message in. WEFT_EMPTY: no message now. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_recv_try(weft_chan_rx *rx,
                                                       void *msg)
    WEFT_REQUIRES(*rx);

/* The same, giving up at d. WEFT_TIMEOUT: no message by then, or a sender was
 * still copying the oldest one in. */
WEFT_API WEFT_NODISCARD weft_status weft_chan_recv_until(weft_chan_rx *rx,
                                                         void *msg,
                                                         weft_deadline d)
    WEFT_REQUIRES(*rx);

/* Make *out another sender of the same channel. Neither blocks nor allocates.
 * Panics beyond 2^31 living senders. */
WEFT_API void weft_chan_tx_clone(weft_chan_tx *out, const weft_chan_tx *tx)
    WEFT_REQUIRES(*tx) WEFT_ACQUIRES(*out);

/* Give up an end; empties the handle, and an empty one panics (_drop_auto, for
 * WEFT_AUTO, passes it over). Dropping the receiver destroys the messages left
 * behind, and waits for senders that are just then copying theirs in. */
WEFT_API void weft_chan_tx_drop(weft_chan_tx *tx) WEFT_RELEASES(*tx);
WEFT_API void weft_chan_rx_drop(weft_chan_rx *rx) WEFT_RELEASES(*rx);

/* Hints, out of date as soon as told. The number of messages waiting (0 on a
 * rendezvous); of those that fit (SIZE_MAX if unbounded); and whether the
 * other side is gone, which is for ever. */
WEFT_API WEFT_NODISCARD size_t weft_chan_tx_len(weft_chan_tx *tx)
    WEFT_REQUIRES(*tx);
WEFT_API WEFT_NODISCARD size_t weft_chan_rx_len(weft_chan_rx *rx)
    WEFT_REQUIRES(*rx);
WEFT_API WEFT_NODISCARD size_t weft_chan_tx_capacity(weft_chan_tx *tx)
    WEFT_REQUIRES(*tx);
WEFT_API WEFT_NODISCARD size_t weft_chan_rx_capacity(weft_chan_rx *rx)
    WEFT_REQUIRES(*rx);
WEFT_API WEFT_NODISCARD bool weft_chan_tx_is_closed(weft_chan_tx *tx)
    WEFT_REQUIRES(*tx);
WEFT_API WEFT_NODISCARD bool weft_chan_rx_is_closed(weft_chan_rx *rx)
    WEFT_REQUIRES(*rx);

/* The misuse of an end that was moved away, dropped or never opened. */
WEFT_API WEFT_NORETURN WEFT_COLD void wefti_chan_dead_end(const char *call);

WEFT_END_DECLS

/* Define the channel `name` for messages of type T, a typedef that was
 * declared WEFT_SEND. With name = jobs and T = job:
 *
 *     WEFT_SEND(job);
 *     WEFT_CHAN_DEFINE(jobs, job);
 *
 *     jobs_tx tx; jobs_rx rx;
 *     weft_status s = jobs_open(128, &tx, &rx);     0 is a rendezvous
 *     s = jobs_open_unbounded(&tx, &rx);
 *     s = jobs_send(&tx, j);                        _try, _until(.., d)
 *     s = jobs_send_from(&tx, &j);                  _try, _until: large T
 *     s = jobs_recv(&rx, &j);                       _try, _until(.., d)
 *     WEFT_CHAN_EACH(jobs, j, &rx) { work(&j); }    until the channel ends
 *     jobs_tx_clone(&other, &tx);
 *     args.tx = jobs_tx_move(&tx);                  jobs_rx_move
 *     jobs_tx_drop(&tx); jobs_rx_drop(&rx);
 *     WEFT_AUTO(jobs_tx, mine);                     dropped with its block
 *
 * and jobs_tx_len, _capacity, _is_closed, and the same of jobs_rx. Each does
 * what the function of that name in this file does. Both ends may be sent
 * between threads themselves. A function that got an end from elsewhere (a
 * thread's argument) says jobs_tx_adopt or jobs_rx_adopt before it uses it:
 * the analysis of clang then sees to it that the end is dropped.
 * WEFT_CHAN_DEFINE_DROP names a `void drop(T *)` that destroys a message which
 * nobody will receive. */
#define WEFT_CHAN_DEFINE(name, T) WEFTI_CHAN_DEFINE(name, T, NULL)

#define WEFT_CHAN_DEFINE_DROP(name, T, drop_fn)          \
    WEFT_INLINE void name##_drop_message(void *weft_msg) \
    {                                                    \
        drop_fn((T *)weft_msg);                          \
    }                                                    \
    WEFTI_CHAN_DEFINE(name, T, name##_drop_message)

/* Loop over the messages until the channel ends, each in a variable `m` of the
 * body's own. Leaving early leaves the rest in the channel. */
#define WEFT_CHAN_EACH(name, m, rx) \
    for (name##_message m; name##_recv((rx), &m) == WEFT_OK;)

#include <weft/chan/chan_define.h>

#endif
