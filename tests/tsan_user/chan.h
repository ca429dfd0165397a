/* Channels of one kind, which the including file opens with OPEN(name, tx, rx):
 * two senders, messages of one word and of many, boxes that change hands, a
 * result that is written before the end, and boxes that nobody receives.
 * planted 1: change_what_was_sent receive_boxes
 * planted 2: change_what_is_being_sent send_forms
 * planted 3: read_where_it_arrives receive_forms
 * planted 4: receive_beside_another
 * planted 5: send_through_what_is_dropped drop_form_tx */
#include <weft/weft.h>

#include <sched.h>
#include <stdlib.h>

#ifndef PLANTED
#define PLANTED 0
#endif

typedef struct box {
    long value;
} box;
typedef box *box_ref;
WEFT_SEND(box_ref);
typedef struct form {
    long field[6];
} form;
WEFT_SEND(form);

static void unpack(box_ref *b)
{
    (*b)->value++;
    free(*b);
}
WEFT_CHAN_DEFINE_DROP(boxes, box_ref, unpack);
WEFT_CHAN_DEFINE(forms, form);

enum { EACH = 300 };
static boxes_tx box_tx[2];
static boxes_rx box_rx;
static forms_tx form_tx;
static forms_rx form_rx;
static form sent_from, arrived;
static long result[2], received;
static WEFT_ALIGNED(8) weft_atomic_u32 dropped;

__attribute__((noinline)) static void change_what_was_sent(box *b)
{
    b->value = 0;
}

static void *send_boxes(void *arg)
{
    boxes_tx *tx = arg;
    long *mine = &result[tx - box_tx];
    for (long i = 1; i <= EACH; i++) {
        box *b = malloc(sizeof *b);
        weft_require(b != NULL);
        b->value = i;
        weft_require(boxes_send(tx, b) == WEFT_OK);
        if (PLANTED == 1) {
            change_what_was_sent(b);
        }
    }
    *mine = EACH * (EACH + 1) / 2;
    boxes_tx_drop(tx); /* hands over *mine */
    (void)weft_atomic_u32_add_relaxed(&dropped, 1);
    return NULL;
}

/* The end finds it waiting, or (with an argument) has come before. */
static void *receive_boxes(void *arg)
{
    int messages = 0;
    WEFT_CHAN_EACH(boxes, b, &box_rx) {
        messages++;
        while (arg != NULL && messages == 2 * EACH &&
               weft_atomic_u32_load_relaxed(&dropped) < 2) {
            (void)sched_yield(); /* which orders nothing */
        }
        received += b->value;
        if (PLANTED != 1) {
            free(b);
        }
    }
    weft_require(PLANTED == 1 || received == result[0] + result[1]);
    return NULL;
}

static void run(weft_thread_fn *const *fn, void *const *arg, int n)
{
    weft_thread t[3];
    for (int i = 0; i < n; i++) {
        weft_require(weft_thread_spawn(&t[i], fn[i], arg[i]) == WEFT_OK);
    }
    for (int i = 0; i < n; i++) {
        weft_require(weft_thread_join(&t[i], NULL) == WEFT_OK);
    }
}

static void boxes_change_hands(void *how)
{
    received = 0;
    weft_atomic_u32_init(&dropped, 0);
    weft_require(OPEN(boxes, &box_tx[0], &box_rx) == WEFT_OK);
    boxes_tx_clone(&box_tx[1], &box_tx[0]);
    run((weft_thread_fn *const[]){send_boxes, send_boxes, receive_boxes},
        (void *const[]){&box_tx[0], &box_tx[1], how}, 3);
    boxes_rx_drop(&box_rx);
}

static void *send_until_closed(void *arg)
{
    boxes_tx *tx = arg;
    for (;;) {
        box *b = malloc(sizeof *b);
        weft_require(b != NULL);
        b->value = 1;
        if (boxes_send(tx, b) != WEFT_OK) {
            free(b);
            break;
        }
    }
    boxes_tx_drop(tx);
    return NULL;
}

static void *receive_a_few(void *arg)
{
    box *b;
    (void)arg;
    for (int i = 0; i < 3; i++) {
        weft_require(boxes_recv(&box_rx, &b) == WEFT_OK);
        unpack(&b);
    }
    boxes_rx_drop(&box_rx); /* unpacks the rest */
    return NULL;
}

static void boxes_are_left(void)
{
    weft_require(OPEN(boxes, &box_tx[0], &box_rx) == WEFT_OK);
    boxes_tx_clone(&box_tx[1], &box_tx[0]);
    run((weft_thread_fn *const[]){send_until_closed, send_until_closed,
                                  receive_a_few},
        (void *const[]){&box_tx[0], &box_tx[1], NULL}, 3);
}

__attribute__((noinline)) static void *change_what_is_being_sent(void *arg)
{
    (void)arg;
    sent_from.field[3] = 4;
    return NULL;
}

__attribute__((noinline)) static void *read_where_it_arrives(void *arg)
{
    (void)arg;
    return arrived.field[3] != 0 ? &arrived : NULL;
}

__attribute__((noinline)) static void *receive_beside_another(void *arg)
{
    form own;
    (void)arg;
    weft_deadline d = weft_deadline_after_ms(20);
    return forms_recv_until(&form_rx, &own, d) == WEFT_OK ? &form_rx : NULL;
}

__attribute__((noinline)) static void *send_through_what_is_dropped(void *arg)
{
    (void)arg;
    return forms_send_try(&form_tx, (form){{0}}) == WEFT_OK ? &form_tx : NULL;
}

/* Every other message goes by the form that does not wait. */
static void *send_forms(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++) {
        weft_status s = WEFT_FULL;
        if (i % 2 == 0) {
            s = forms_send_from(&form_tx, &sent_from);
        }
        while (s == WEFT_FULL) {
            s = forms_send_from_try(&form_tx, &sent_from);
        }
        weft_require(s == WEFT_OK);
        sent_from.field[3] += PLANTED != 2; /* else only weft reads it */
    }
    if (PLANTED != 5) {
        forms_tx_drop(&form_tx);
    }
    return NULL;
}

static void *receive_forms(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++) {
        if (forms_recv_try(&form_rx, &arrived) != WEFT_OK) {
            weft_require(forms_recv(&form_rx, &arrived) == WEFT_OK);
        }
        weft_require(PLANTED != 0 || arrived.field[3] == i);
    }
    return NULL;
}

/* A thread of its own drops after a while: both ends of the planted race are
 * the program's. */
static void *drop_form_tx(void *arg)
{
    (void)arg;
    weft_thread_sleep_until(weft_deadline_after_ms(30));
    forms_tx_drop(&form_tx);
    return NULL;
}

static void forms_are_copied(void)
{
    weft_thread_fn *const bystander[] = {
        [0] = NULL,
        [1] = NULL,
        [2] = change_what_is_being_sent,
        [3] = read_where_it_arrives,
        [4] = receive_beside_another,
        [5] = drop_form_tx,
    };
    weft_require(OPEN(forms, &form_tx, &form_rx) == WEFT_OK);
    weft_thread_fn *fn[] = {send_forms, receive_forms, bystander[PLANTED]};
    if (PLANTED == 4) {
        fn[0] = receive_beside_another;
        fn[1] = receive_beside_another;
    }
    if (PLANTED == 5) {
        fn[0] = send_through_what_is_dropped;
        fn[1] = send_through_what_is_dropped;
    }
    run(fn, (void *const[]){NULL, NULL, NULL}, fn[2] != NULL ? 3 : 2);
    forms_tx_drop_auto(&form_tx);
    forms_rx_drop(&form_rx);
}

int main(void)
{
    boxes_change_hands(NULL);
    boxes_change_hands(result);
    boxes_are_left();
    forms_are_copied();
    return 0;
}
