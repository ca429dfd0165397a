#ifdef __clang__
/* What is locked here is unlocked there, on purpose. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include "faults/waits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_S = 20, ODD = 4711 };

/* ------------------------------------------------------------------ mutex */

static void begin_mutex(wait_scene *s)
{
    cr_assert(weft_mutex_lock(&s->mutex) == WEFT_OK);
}

static void unlock(wait_scene *s)
{
    weft_mutex_unlock(&s->mutex);
}

static void end_mutex(wait_scene *s)
{
    if (!s->fulfilled) {
        weft_mutex_unlock(&s->mutex);
    }
}

static weft_status wait_lock(wait_scene *s, weft_deadline d)
{
    weft_status status = weft_mutex_lock_until(&s->mutex, d);
    if (status == WEFT_OK) {
        weft_mutex_unlock(&s->mutex);
    }
    return status;
}

static weft_status wait_recover(wait_scene *s, weft_deadline d)
{
    weft_status status = weft_mutex_recover_until(&s->mutex, d);
    if (status == WEFT_OK) {
        weft_mutex_unlock(&s->mutex);
    }
    return status;
}

/* ----------------------------------------------------------- park and join */

static void nothing(wait_scene *s)
{
    (void)s;
}

static void name_oneself(wait_scene *s)
{
    weft_require(weft_thread_current(&s->ref) == WEFT_OK);
}

static weft_status wait_park(wait_scene *s, weft_deadline d)
{
    (void)s;
    return weft_thread_park_until(d);
}

static void unpark(wait_scene *s)
{
    weft_thread_unpark(&s->ref);
}

static void end_park(wait_scene *s)
{
    weft_thread_ref_drop(&s->ref);
}

static void *wait_at_door(void *scene)
{
    gate_wait(&((wait_scene *)scene)->door);
    return scene;
}

static void begin_join(wait_scene *s)
{
    cr_assert(weft_thread_spawn(&s->thread, wait_at_door, s) == WEFT_OK);
}

static weft_status wait_join(wait_scene *s, weft_deadline d)
{
    return weft_thread_join_until(&s->thread, NULL, d);
}

static void open_door(wait_scene *s)
{
    gate_open(&s->door);
}

static void end_join(wait_scene *s)
{
    gate_open(&s->door);
    if (s->thread.state != NULL) {
        cr_assert(weft_thread_join(&s->thread, NULL) == WEFT_OK);
    }
}

/* --------------------------------------------------------------- channels */

static const weft_chan_type word = {.size = 8, .align = 8};

static void begin_chan(wait_scene *s, size_t capacity)
{
    weft_status opened = capacity == SIZE_MAX
                             ? weft_chan_open_unbounded(&word, &s->tx, &s->rx)
                             : weft_chan_open(&word, capacity, &s->tx, &s->rx);
    cr_assert_eq(opened, WEFT_OK);
}

static void begin_rendezvous(wait_scene *s)
{
    begin_chan(s, 0);
}

static void begin_bounded(wait_scene *s)
{
    begin_chan(s, 1);
}

static void begin_unbounded(wait_scene *s)
{
    begin_chan(s, SIZE_MAX);
}

static void begin_full(wait_scene *s)
{
    begin_chan(s, 1);
    cr_assert(weft_chan_send_try(&s->tx, &s->message) == WEFT_OK);
}

static weft_status wait_recv(wait_scene *s, weft_deadline d)
{
    return weft_chan_recv_until(&s->rx, &s->message, d);
}

static weft_status wait_send(wait_scene *s, weft_deadline d)
{
    return weft_chan_send_until(&s->tx, &s->message, d);
}

static void send_one(wait_scene *s)
{
    uint64_t one = 1;
    cr_assert_eq(
        weft_chan_send_until(&s->tx, &one, weft_deadline_after_s(PATIENCE_S)),
        WEFT_OK);
}

static void recv_one(wait_scene *s)
{
    uint64_t one;
    cr_assert_eq(
        weft_chan_recv_until(&s->rx, &one, weft_deadline_after_s(PATIENCE_S)),
        WEFT_OK);
}

static void drop_tx(wait_scene *s)
{
    weft_chan_tx_drop(&s->tx);
}

static void drop_rx(wait_scene *s)
{
    weft_chan_rx_drop(&s->rx);
}

static void end_chan(wait_scene *s)
{
    if (s->tx.chan != NULL) {
        weft_chan_tx_drop(&s->tx);
    }
    if (s->rx.chan != NULL) {
        weft_chan_rx_drop(&s->rx);
    }
}

/* -------------------------------------------------------------- the table */

/* clang-format off */
const wait_case wait_cases[] = {
    {"lock", WEFT_OK, begin_mutex, unlock, end_mutex, NULL, wait_lock},
    {"recover", WEFT_OK, begin_mutex, unlock, end_mutex, NULL, wait_recover},
    {"park", WEFT_OK, nothing, unpark, end_park, name_oneself, wait_park},
    {"join", WEFT_OK, begin_join, open_door, end_join, NULL, wait_join},
    {"recv bounded", WEFT_OK, begin_bounded, send_one, end_chan, NULL, wait_recv},
    {"recv unbounded", WEFT_OK, begin_unbounded, send_one, end_chan, NULL, wait_recv},
    {"recv rendezvous", WEFT_OK, begin_rendezvous, send_one, end_chan, NULL, wait_recv},
    {"recv bounded, closed", WEFT_CLOSED, begin_bounded, drop_tx, end_chan, NULL, wait_recv},
    {"recv unbounded, closed", WEFT_CLOSED, begin_unbounded, drop_tx, end_chan, NULL, wait_recv},
    {"recv rendezvous, closed", WEFT_CLOSED, begin_rendezvous, drop_tx, end_chan, NULL, wait_recv},
    {"send bounded", WEFT_OK, begin_full, recv_one, end_chan, NULL, wait_send},
    {"send rendezvous", WEFT_OK, begin_rendezvous, recv_one, end_chan, NULL, wait_send},
    {"send bounded, closed", WEFT_CLOSED, begin_full, drop_rx, end_chan, NULL, wait_send},
    {"send rendezvous, closed", WEFT_CLOSED, begin_rendezvous, drop_rx, end_chan, NULL, wait_send},
};
/* clang-format on */
const size_t wait_case_count = sizeof wait_cases / sizeof *wait_cases;

/* ------------------------------------------------------------------ a wait */

typedef struct waiter {
    const wait_case *c;
    wait_scene scene;
    weft_deadline d;
    weft_status status;
    bool early;   /* it gave up before its deadline */
    bool spoiled; /* errno was changed */
} waiter;

static void *wait_for_it(void *arg)
{
    waiter *w = arg;
    if (w->c->ready != NULL) {
        w->c->ready(&w->scene);
    }
    wefti_store_release(&w->scene.tid, (uint32_t)gettid());
    errno = ODD;
    w->status = w->c->wait(&w->scene, w->d);
    w->spoiled = errno != ODD;
    w->early = w->status == WEFT_TIMEOUT && !weft_deadline_passed(w->d);
    return NULL;
}

static int tid_of(waiter *w)
{
    uint32_t tid;
    while ((tid = wefti_load_acquire(&w->scene.tid)) == 0) {
        (void)sched_yield();
    }
    return (int)tid;
}

static weft_status run(const wait_case *c, weft_deadline d, bool in_vain,
                       const wait_trouble *trouble)
{
    waiter w = {.c = c, .d = d, .scene = {.door = GATE_INIT}};
    pthread_t thread;
    c->begin(&w.scene);
    cr_assert_eq(pthread_create(&thread, NULL, wait_for_it, &w), 0);
    const int tid = tid_of(&w);
    const bool lies = trouble != NULL && trouble->clock_lies;
    if (trouble != NULL) {
        trouble->begin(tid);
    }
    if (!in_vain) {
        cr_expect(test_wait_until_asleep(tid) || lies, "%s: does not wait",
                  c->name);
        (void)usleep(trouble != NULL ? trouble->last_us : 0);
        w.scene.fulfilled = true;
        errno = ODD;
        c->fulfil(&w.scene);
        cr_expect_eq(errno, ODD, "%s: its end changes errno", c->name);
    }
    cr_assert_eq(pthread_join(thread, NULL), 0);
    if (trouble != NULL) {
        trouble->end();
    }
    c->end(&w.scene);
    cr_expect(!w.spoiled, "%s: changes errno", c->name);
    cr_expect(!w.early || lies, "%s: gave up before its deadline", c->name);
    return w.status;
}

weft_status waits_fulfilled(const wait_case *c, weft_deadline d,
                            const wait_trouble *trouble)
{
    return run(c, d, false, trouble);
}

weft_status waits_in_vain(const wait_case *c, weft_deadline d,
                          const wait_trouble *trouble)
{
    return run(c, d, true, trouble);
}
