/* What WEFT_CHAN_DEFINE writes: typed one-line wrappers, and no logic. Included
 * by <weft/chan/chan.h>, where the contracts are. */
#ifndef WEFT_CHAN_CHAN_DEFINE_H
#define WEFT_CHAN_CHAN_DEFINE_H

#include <weft/chan/chan.h>

/* For ThreadSanitizer, which cannot see the library read an end: read it here,
 * in the program's own code, so that a use beside a drop is reported. */
WEFT_ALWAYS_INLINE weft_chan_tx *wefti_chan_tx_of(weft_chan_tx *tx)
{
#if WEFT_TSAN
    struct weft_chan *volatile *seen = &tx->chan;
    (void)*seen;
#endif
    return tx;
}
WEFT_ALWAYS_INLINE weft_chan_rx *wefti_chan_rx_of(weft_chan_rx *rx)
{
#if WEFT_TSAN
    struct weft_chan *volatile *seen = &rx->chan;
    (void)*seen;
#endif
    return rx;
}

#define WEFTI_CHAN_DEFINE(name, T, drop_fn)                                   \
    WEFT_STATIC_ASSERT(sizeof(T) > 0, #T " is empty: nothing to send");       \
    WEFT_REQUIRE_SEND(T, name);                                               \
    typedef T name##_message;                                                 \
    typedef struct WEFT_HANDLE name##_tx {                                    \
        weft_chan_tx raw;                                                     \
    } name##_tx;                                                              \
    typedef struct WEFT_HANDLE name##_rx {                                    \
        weft_chan_rx raw;                                                     \
    } name##_rx;                                                              \
    WEFT_SEND(name##_tx);                                                     \
    WEFT_SEND(name##_rx);                                                     \
    static const weft_chan_type name##_type WEFT_UNUSED = {                   \
        sizeof(T), WEFT_ALIGNOF(T), (drop_fn)};                               \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_open(                       \
        size_t weft_capacity, name##_tx *weft_tx, name##_rx *weft_rx)         \
        WEFT_SCOPE_ACQUIRES_IF(WEFT_OK, *weft_tx, *weft_rx) WEFT_UNCHECKED    \
    {                                                                         \
        return weft_chan_open(&name##_type, weft_capacity, &weft_tx->raw,     \
                              &weft_rx->raw);                                 \
    }                                                                         \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_open_unbounded(             \
        name##_tx *weft_tx, name##_rx *weft_rx)                               \
        WEFT_SCOPE_ACQUIRES_IF(WEFT_OK, *weft_tx, *weft_rx) WEFT_UNCHECKED    \
    {                                                                         \
        return weft_chan_open_unbounded(&name##_type, &weft_tx->raw,          \
                                        &weft_rx->raw);                       \
    }                                                                         \
    WEFTI_CHAN_SEND(name, T)                                                  \
    WEFTI_CHAN_RECV(name, T)                                                  \
    WEFT_INLINE void name##_tx_clone(name##_tx *weft_out,                     \
                                     const name##_tx *weft_tx)                \
        WEFT_REQUIRES(*weft_tx) WEFT_SCOPE_ACQUIRES(*weft_out) WEFT_UNCHECKED \
    {                                                                         \
        weft_chan_tx_clone(&weft_out->raw, &weft_tx->raw);                    \
    }                                                                         \
    WEFTI_CHAN_END(name, tx)                                                  \
    WEFTI_CHAN_END(name, rx)                                                  \
    WEFT_NEEDS_SEMICOLON

#define WEFTI_CHAN_SEND(name, T)                                               \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_send_from(                   \
        name##_tx *weft_tx, const T *weft_msg) WEFT_REQUIRES(*weft_tx)         \
        WEFT_UNCHECKED                                                         \
    {                                                                          \
        return weft_chan_send(wefti_chan_tx_of(&weft_tx->raw), weft_msg);      \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_send_from_try(               \
        name##_tx *weft_tx, const T *weft_msg) WEFT_REQUIRES(*weft_tx)         \
        WEFT_UNCHECKED                                                         \
    {                                                                          \
        return weft_chan_send_try(wefti_chan_tx_of(&weft_tx->raw), weft_msg);  \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_send_from_until(             \
        name##_tx *weft_tx, const T *weft_msg, weft_deadline weft_until)       \
        WEFT_REQUIRES(*weft_tx) WEFT_UNCHECKED                                 \
    {                                                                          \
        return weft_chan_send_until(wefti_chan_tx_of(&weft_tx->raw), weft_msg, \
                                    weft_until);                               \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_send(                        \
        name##_tx *weft_tx, T weft_msg) WEFT_REQUIRES(*weft_tx) WEFT_UNCHECKED \
    {                                                                          \
        return weft_chan_send(wefti_chan_tx_of(&weft_tx->raw), &weft_msg);     \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_send_try(                    \
        name##_tx *weft_tx, T weft_msg) WEFT_REQUIRES(*weft_tx) WEFT_UNCHECKED \
    {                                                                          \
        return weft_chan_send_try(wefti_chan_tx_of(&weft_tx->raw), &weft_msg); \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_send_until(                  \
        name##_tx *weft_tx, T weft_msg, weft_deadline weft_until)              \
        WEFT_REQUIRES(*weft_tx) WEFT_UNCHECKED                                 \
    {                                                                          \
        return weft_chan_send_until(wefti_chan_tx_of(&weft_tx->raw),           \
                                    &weft_msg, weft_until);                    \
    }

#define WEFTI_CHAN_RECV(name, T)                                               \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_recv(name##_rx *weft_rx,     \
                                                       T *weft_msg)            \
        WEFT_REQUIRES(*weft_rx) WEFT_UNCHECKED                                 \
    {                                                                          \
        return weft_chan_recv(wefti_chan_rx_of(&weft_rx->raw), weft_msg);      \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_recv_try(name##_rx *weft_rx, \
                                                           T *weft_msg)        \
        WEFT_REQUIRES(*weft_rx) WEFT_UNCHECKED                                 \
    {                                                                          \
        return weft_chan_recv_try(wefti_chan_rx_of(&weft_rx->raw), weft_msg);  \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name##_recv_until(                  \
        name##_rx *weft_rx, T *weft_msg, weft_deadline weft_until)             \
        WEFT_REQUIRES(*weft_rx) WEFT_UNCHECKED                                 \
    {                                                                          \
        return weft_chan_recv_until(wefti_chan_rx_of(&weft_rx->raw), weft_msg, \
                                    weft_until);                               \
    }

/* What both ends have: end is tx or rx. */
#define WEFTI_CHAN_END(name, end)                                       \
    WEFT_NODISCARD WEFT_INLINE name##_##end name##_##end##_move(        \
        name##_##end *weft_end) WEFT_RELEASES(*weft_end) WEFT_UNCHECKED \
    {                                                                   \
        if (WEFT_UNLIKELY(weft_end->raw.chan == NULL)) {                \
            wefti_chan_dead_end(#name "_" #end "_move");                \
        }                                                               \
        name##_##end weft_moved = *weft_end;                            \
        weft_end->raw.chan = NULL;                                      \
        WEFTI_CHECKED(wefti_checked_moved(weft_end));                   \
        return weft_moved;                                              \
    }                                                                   \
    WEFT_INLINE void name##_##end##_adopt(name##_##end *weft_end)       \
        WEFT_SCOPE_ACQUIRES(*weft_end) WEFT_UNCHECKED                   \
    {                                                                   \
        if (WEFT_UNLIKELY(weft_end->raw.chan == NULL)) {                \
            wefti_chan_dead_end(#name "_" #end "_adopt");               \
        }                                                               \
    }                                                                   \
    WEFT_INLINE void name##_##end##_drop(name##_##end *weft_end)        \
        WEFT_RELEASES(*weft_end) WEFT_UNCHECKED                         \
    {                                                                   \
        weft_chan_##end##_drop(&weft_end->raw);                         \
    }                                                                   \
    WEFT_INLINE void name##_##end##_drop_auto(name##_##end *weft_end)   \
        WEFT_SCOPE_RELEASES(*weft_end) WEFT_UNCHECKED                   \
    {                                                                   \
        if (weft_end->raw.chan != NULL) {                               \
            weft_chan_##end##_drop(&weft_end->raw);                     \
        }                                                               \
    }                                                                   \
    WEFT_NODISCARD WEFT_INLINE size_t name##_##end##_len(               \
        name##_##end *weft_end) WEFT_REQUIRES(*weft_end) WEFT_UNCHECKED \
    {                                                                   \
        return weft_chan_##end##_len(&weft_end->raw);                   \
    }                                                                   \
    WEFT_NODISCARD WEFT_INLINE size_t name##_##end##_capacity(          \
        name##_##end *weft_end) WEFT_REQUIRES(*weft_end) WEFT_UNCHECKED \
    {                                                                   \
        return weft_chan_##end##_capacity(&weft_end->raw);              \
    }                                                                   \
    WEFT_NODISCARD WEFT_INLINE bool name##_##end##_is_closed(           \
        name##_##end *weft_end) WEFT_REQUIRES(*weft_end) WEFT_UNCHECKED \
    {                                                                   \
        return weft_chan_##end##_is_closed(&weft_end->raw);             \
    }

#endif
