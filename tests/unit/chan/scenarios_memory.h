/* Scenarios of every kind of channel: what it costs, and who frees it. */
#ifndef WEFT_TESTS_CHAN_SCENARIOS_MEMORY_H
#define WEFT_TESTS_CHAN_SCENARIOS_MEMORY_H

#include "office.h"

/* Row 6 (crossbeam#1146): larger than the stack of the threads. */
typedef struct boulder {
    unsigned char bytes[8u << 20];
} boulder;
WEFT_SEND(boulder);
WEFT_CHAN_DEFINE(quarry, boulder);

typedef struct quarry_site {
    quarry_tx tx;
    quarry_rx rx;
    boulder *out;
    boulder *in;
    weft_status status[2];
} quarry_site;

static void *quarry_sender(void *arg)
{
    quarry_site *site = arg;
    site->status[0] = quarry_send_from(&site->tx, site->out);
    return NULL;
}

static void *quarry_receiver(void *arg)
{
    quarry_site *site = arg;
    site->status[1] = quarry_recv(&site->rx, site->in);
    return NULL;
}

static inline void scenario_large_messages_spare_the_stack(size_t capacity)
{
    if (capacity > 3 && capacity != UNBOUNDED) {
        return; /* 8 GiB of room */
    }
    quarry_site site = {.out = malloc(sizeof(boulder)),
                        .in = malloc(sizeof(boulder))};
    memset(site.out, 0x5a, sizeof(boulder));
    cr_assert_eq(capacity == UNBOUNDED
                     ? quarry_open_unbounded(&site.tx, &site.rx)
                     : quarry_open(capacity, &site.tx, &site.rx),
                 WEFT_OK);
    pthread_attr_t small;
    pthread_t thread[2];
    pthread_attr_init(&small);
    cr_assert_eq(pthread_attr_setstacksize(&small, 64u << 10), 0);
    pthread_create(&thread[0], &small, quarry_sender, &site);
    pthread_create(&thread[1], &small, quarry_receiver, &site);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    pthread_attr_destroy(&small);
    cr_assert_eq(site.status[0], WEFT_OK);
    cr_assert_eq(site.status[1], WEFT_OK);
    cr_assert_eq(memcmp(site.in, site.out, sizeof(boulder)), 0);
    quarry_tx_drop(&site.tx);
    quarry_rx_drop(&site.rx);
    free(site.out);
    free(site.in);
}

static inline void scenario_open_survives_failed_allocations(size_t capacity)
{
    test_alloc_install();
    post_tx tx;
    post_rx rx;
    for (size_t k = 1;; k++) {
        test_alloc_fail_at(k);
        weft_status s = capacity == UNBOUNDED ? post_open_unbounded(&tx, &rx)
                                              : post_open(capacity, &tx, &rx);
        test_alloc_fail_at(0);
        if (s == WEFT_OK) {
            break;
        }
        cr_assert_eq(s, WEFT_NO_MEMORY);
        cr_assert_eq(test_alloc_live(), 0);
        post_tx_drop_auto(&tx); /* a failed open leaves them empty */
        post_rx_drop_auto(&rx);
    }
    post_rx_drop(&rx);
    post_tx_drop(&tx);
    cr_assert_eq(test_alloc_live(), 0);
}

/* A message that holds a sender of its own channel must not keep it alive. */
typedef struct letter letter;
WEFT_SEND(letter);
struct letter {
    weft_chan_tx reply_to;
};
static inline void letter_destroy(letter *l)
{
    weft_chan_tx_drop(&l->reply_to);
}
WEFT_CHAN_DEFINE_DROP(letters, letter, letter_destroy);

static inline void scenario_a_sender_inside_its_own_channel(size_t capacity)
{
    test_alloc_install();
    letters_tx tx;
    letters_rx rx;
    cr_assert_eq(capacity == UNBOUNDED ? letters_open_unbounded(&tx, &rx)
                                       : letters_open(capacity, &tx, &rx),
                 WEFT_OK);
    letter l;
    weft_chan_tx_clone(&l.reply_to, &tx.raw);
    if (letters_send_try(&tx, l) != WEFT_OK) {
        letter_destroy(&l);
    }
    letters_tx_drop(&tx);
    letters_rx_drop(&rx);
    cr_assert_eq(test_alloc_live(), 0);
}

#endif
