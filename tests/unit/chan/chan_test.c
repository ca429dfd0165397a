/* The typed form, its handles, and how they are misused. */
#include "scenarios.h"

Test(chan, many_clones_close_it_together)
{
    enum { CLONES = 100 };
    post_tx tx[CLONES];
    post_rx rx;
    post_office(1, &tx[0], &rx);
    for (int i = 1; i < CLONES; i++) {
        post_tx_clone(&tx[i], &tx[i / 2]);
    }
    for (int i = 0; i < CLONES; i++) {
        cr_assert_not(post_rx_is_closed(&rx));
        post_tx_drop(&tx[(i * 37) % CLONES]);
    }
    cr_assert(post_rx_is_closed(&rx));
    post_rx_drop(&rx);
}

Test(chan, a_moved_end_works_and_its_old_name_is_empty)
{
    post_tx tx;
    post_rx rx;
    post_office(1, &tx, &rx);
    post_tx tx2 = post_tx_move(&tx);
    post_rx rx2 = post_rx_move(&rx);
    post_tx_adopt(&tx2);
    post_rx_adopt(&rx2);
    post_tx_drop_auto(&tx); /* as a cleanup would */
    post_rx_drop_auto(&rx);
    parcel p = parcel_of(0, 3);
    cr_assert_eq(post_send(&tx2, p), WEFT_OK);
    cr_assert_eq(post_recv(&rx2, &p), WEFT_OK);
    post_tx_drop(&tx2);
    post_tx_drop_auto(&tx2);
    post_rx_drop(&rx2);
    post_rx_drop_auto(&rx2);
}

Test(chan, all_zero_ends_pass_through_a_cleanup)
{
    post_tx tx = {0};
    post_rx rx = {0};
    post_tx_drop_auto(&tx);
    post_rx_drop_auto(&rx);
}

static post_tx dead_tx;
static post_rx dead_rx;
static post_tx out;
static parcel some;

/* A body for weft_catch_unwind. */
#define USE(name, call)         \
    static void name(void *arg) \
    {                           \
        (void)arg;              \
        if ((call) != 0) {      \
            abort();            \
        }                       \
    }

USE(use_send, post_send(&dead_tx, some))
USE(use_send_try, post_send_try(&dead_tx, some))
USE(use_send_until, post_send_until(&dead_tx, some, WEFT_FOREVER))
static void use_clone(void *arg)
{
    (void)arg;
    post_tx_clone(&out, &dead_tx);
}
static void use_move(void *arg)
{
    (void)arg;
    out = post_tx_move(&dead_tx);
}
static void use_tx_drop(void *arg)
{
    (void)arg;
    post_tx_drop(&dead_tx);
}
static void use_rx_drop(void *arg)
{
    (void)arg;
    post_rx_drop(&dead_rx);
}
USE(use_recv, post_recv(&dead_rx, &some))
USE(use_recv_try, post_recv_try(&dead_rx, &some))
USE(use_recv_until, post_recv_until(&dead_rx, &some, WEFT_FOREVER))
USE(use_hints, post_tx_len(&dead_tx))
USE(use_capacity, post_rx_capacity(&dead_rx))
static void use_odd_type(void *arg)
{
    (void)arg;
    weft_chan_tx tx;
    weft_chan_rx rx;
    const weft_chan_type odd = {12, 8, NULL};
    cr_assert_neq(weft_chan_open(&odd, 1, &tx, &rx), WEFT_OK);
}
static void use_empty_type(void *arg)
{
    (void)arg;
    weft_chan_tx tx;
    weft_chan_rx rx;
    const weft_chan_type empty = {0, 1, NULL};
    cr_assert_neq(weft_chan_open_unbounded(&empty, &tx, &rx), WEFT_OK);
}

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

Test(chan, misuse_panics_and_names_the_rule)
{
    const struct {
        void (*fn)(void *);
        const char *text;
    } misuse[] = {
        {use_send, "weft_chan_send: this end"},
        {use_send_try, "weft_chan_send_try: this end"},
        {use_send_until, "weft_chan_send_until: this end"},
        {use_clone, "weft_chan_tx_clone: this end"},
        {use_move, "post_tx_move: this end"},
        {use_tx_drop, "weft_chan_tx_drop: this end"},
        {use_rx_drop, "weft_chan_rx_drop: this end"},
        {use_recv, "weft_chan_recv: this end"},
        {use_recv_try, "weft_chan_recv_try: this end"},
        {use_recv_until, "weft_chan_recv_until: this end"},
        {use_hints, "weft_chan_tx_len: this end"},
        {use_capacity, "weft_chan_rx_capacity: this end"},
        {use_odd_type, "a size of 12 and an alignment of 8"},
        {use_empty_type, "a size of 0"},
    };
    (void)weft_panic_set_hook(quiet);
    for (size_t i = 0; i < sizeof misuse / sizeof misuse[0]; i++) {
        weft_panic_info info;
        cr_assert_eq(weft_catch_unwind(misuse[i].fn, NULL, &info),
                     WEFT_PANICKED);
        cr_assert_not_null(strstr(info.message, misuse[i].text), "%s",
                           info.message);
    }
}

typedef struct WEFT_ALIGNED(64) vast {
    char c;
} vast;
WEFT_SEND(vast);
static bool all_aligned = true;
static void vast_check(vast *v)
{
    all_aligned = all_aligned && (uintptr_t)v % 64 == 0;
}
WEFT_CHAN_DEFINE_DROP(vasts, vast, vast_check);

Test(chan, messages_lie_aligned_where_they_are_destroyed)
{
    for (int kind = 0; kind < 2; kind++) {
        vasts_tx tx;
        vasts_rx rx;
        cr_assert_eq(kind == 0 ? vasts_open(5, &tx, &rx)
                               : vasts_open_unbounded(&tx, &rx),
                     WEFT_OK);
        vast v = {0};
        for (int i = 0; i < 5; i++) {
            cr_assert_eq(vasts_send_from(&tx, &v), WEFT_OK);
        }
        vasts_tx_drop(&tx);
        vasts_rx_drop(&rx);
    }
    cr_assert(all_aligned);
}

/* Sizes around the word that is copied without a call. */
#define SIZED(n)                                                \
    typedef struct sized_##n {                                  \
        unsigned char b[n];                                     \
    } sized_##n;                                                \
    WEFT_SEND(sized_##n);                                       \
    WEFT_CHAN_DEFINE(chan_##n, sized_##n);                      \
    static void carry_##n(size_t capacity)                      \
    {                                                           \
        chan_##n##_tx tx;                                       \
        chan_##n##_rx rx;                                       \
        cr_assert_eq(capacity == UNBOUNDED                      \
                         ? chan_##n##_open_unbounded(&tx, &rx)  \
                         : chan_##n##_open(capacity, &tx, &rx), \
                     WEFT_OK);                                  \
        for (int k = 0; k < 100; k++) {                         \
            sized_##n in;                                       \
            sized_##n got;                                      \
            memset(&in, k, sizeof in);                          \
            cr_assert_eq(chan_##n##_send(&tx, in), WEFT_OK);    \
            cr_assert_eq(chan_##n##_send(&tx, in), WEFT_OK);    \
            cr_assert_eq(chan_##n##_recv(&rx, &got), WEFT_OK);  \
            cr_assert_eq(memcmp(&in, &got, n), 0);              \
            cr_assert_eq(chan_##n##_recv(&rx, &got), WEFT_OK);  \
            cr_assert_eq(memcmp(&in, &got, n), 0);              \
        }                                                       \
        chan_##n##_tx_drop(&tx);                                \
        chan_##n##_rx_drop(&rx);                                \
    }                                                           \
    WEFT_NEEDS_SEMICOLON
SIZED(1);
SIZED(7);
SIZED(8);
SIZED(9);
SIZED(24);
SIZED(300);

Test(chan, carries_messages_of_any_size)
{
    void (*const carry[])(size_t) = {carry_1, carry_7,  carry_8,
                                     carry_9, carry_24, carry_300};
    for (size_t i = 0; i < sizeof carry / sizeof carry[0]; i++) {
        carry[i](2);
        carry[i](3);
        carry[i](UNBOUNDED);
    }
}

WEFT_CHAN_DEFINE(ints, int);
WEFT_CHAN_DEFINE(channels, ints_tx);

Test(chan, an_end_is_sent_through_a_channel)
{
    channels_tx tx;
    channels_rx rx;
    ints_tx itx;
    ints_rx irx;
    cr_assert_eq(channels_open(1, &tx, &rx), WEFT_OK);
    cr_assert_eq(ints_open(1, &itx, &irx), WEFT_OK);
    cr_assert_eq(channels_send(&tx, ints_tx_move(&itx)), WEFT_OK);
    cr_assert_eq(channels_recv(&rx, &itx), WEFT_OK);
    int got = 0;
    cr_assert_eq(ints_send(&itx, 17), WEFT_OK);
    cr_assert_eq(ints_recv(&irx, &got), WEFT_OK);
    cr_assert_eq(got, 17);
    ints_tx_drop(&itx);
    ints_rx_drop(&irx);
    channels_tx_drop(&tx);
    channels_rx_drop(&rx);
}
