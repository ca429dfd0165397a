/* One owner and two thieves; each item is got exactly once, while the ring's
 * slots are written many times over.
 *
 * WEFT_BUSTED=9, 10 or 110 puts a historic mistake back, which tests/busted
 * expects this to find. */
#include <weft/queue/deque.h>

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <time.h>

#ifndef WEFT_BUSTED
#define WEFT_BUSTED 0
#endif

enum { MANY = 100000, THREADS = 3 };

static wefti_deque d;
static uint32_t numbers[MANY];
static WEFT_ATOMIC(uint32_t) got[MANY];
static weft_atomic_u32 done;

/* The first thief is the one that makes the mistake. */
static void *steal(const gang_member *me)
{
    if (me->index != 1) {
        return wefti_deque_steal(&d);
    }
#if WEFT_BUSTED == 9
    /* RUSTSEC-2021-0093: what was read is believed, though the slot has been
     * taken, and written again, in the meantime. */
    uint64_t t = wefti_load_seq_cst(&d.top);
    if ((int64_t)(wefti_load_seq_cst(&d.bottom) - t) <= 0) {
        return NULL;
    }
    void *item = wefti_load_relaxed(&d.slots[t % WEFTI_DEQUE_CAPACITY]);
    struct timespec interrupted = {.tv_nsec = 1000};
    (void)nanosleep(&interrupted, NULL);
    (void)wefti_cas_seq_cst(&d.top, &t, t + 1);
    return item;
#elif WEFT_BUSTED == 10
    /* ssbl/concurrent-deque#2: the slot is read when it is the owner's again.
     */
    uint64_t t = wefti_load_seq_cst(&d.top);
    if ((int64_t)(wefti_load_seq_cst(&d.bottom) - t) <= 0 ||
        !wefti_cas_seq_cst(&d.top, &t, t + 1)) {
        return NULL;
    }
    /* Until the owner has written the whole ring once more. */
    while (wefti_load_seq_cst(&d.bottom) - t <= WEFTI_DEQUE_CAPACITY &&
           wefti_load_relaxed(&done) == 0) {
        sched_yield();
    }
    return wefti_load_relaxed(&d.slots[t % WEFTI_DEQUE_CAPACITY]);
#else
    return wefti_deque_steal(&d);
#endif
}

static void *pop(void)
{
#if WEFT_BUSTED == 110
    /* crossbeam#33: the difference is taken without its sign, so that a deque
     * that is empty looks as if it were very full. */
    uint64_t b = wefti_load_relaxed(&d.bottom) - 1;
    if (b - wefti_load_seq_cst(&d.top) > 0) {
        wefti_store_seq_cst(&d.bottom, b);
        return wefti_load_relaxed(&d.slots[b % WEFTI_DEQUE_CAPACITY]);
    }
#endif
    return wefti_deque_pop(&d);
}

static void note(const void *item)
{
    wefti_add_relaxed(&got[*(const uint32_t *)item], 1u);
}

/* false: more items than there can be. */
static bool pop_all(void)
{
    void *item;
    size_t count = 0;
    while (count <= WEFTI_DEQUE_CAPACITY && (item = pop()) != NULL) {
        note(item);
        count++;
    }
    return count <= WEFTI_DEQUE_CAPACITY;
}

/* So patiently that hardly anything is left, and the ring comes round. */
static void leave_it_to_the_thieves(void)
{
    const struct timespec nap = {.tv_nsec = 10000};
    for (int turn = 0; turn < 100 && !wefti_deque_is_empty(&d); turn++) {
        if (turn < 20) {
            sched_yield();
        } else {
            (void)nanosleep(&nap, NULL);
        }
    }
}

/* false: more was got back than was pushed. */
static bool own(void)
{
    test_rng rng = test_rng_make(0);
    uint32_t next = 0;
    while (next < MANY) {
        uint32_t batch = 1 + (uint32_t)test_rng_below(&rng, 8);
        for (; batch > 0 && next < MANY; batch--) {
            numbers[next] = next;
            if (!wefti_deque_push(&d, &numbers[next])) {
                return false;
            }
            next++;
        }
        if (test_rng_below(&rng, 16) == 0) {
            leave_it_to_the_thieves();
        }
        if (!pop_all()) {
            return false;
        }
    }
    return true;
}

static void play(gang_member *me)
{
    if (me->index == 0) {
        bool sound = own();
        /* release: with the acquire below; nothing is stolen after it. */
        wefti_store_release(&done, 1u);
        gang_check(me, sound);
        return;
    }
    while (wefti_load_acquire(&done) == 0) {
        void *item = steal(me);
        if (item != NULL) {
            note(item);
        } else {
            sched_yield();
        }
    }
}

/* How many items were lost, or got twice. */
static size_t play_once(void)
{
    wefti_store_relaxed(&done, 0u); /* relaxed: nobody plays */
    gang_run(THREADS, play, NULL);
    size_t wrong = 0;
    for (size_t i = 0; i < MANY; i++) {
        wrong += wefti_swap_relaxed(&got[i], 0u) != 1; /* relaxed: as above */
    }
    return wrong;
}

/* A mistake that was put back needs the thieves to be quick once. */
Test(deque_stress, each_item_is_got_exactly_once)
{
    (void)test_seed();
    wefti_deque_prepare();
    size_t wrong = 0;
    for (int round = 0; round < (WEFT_BUSTED ? 20 : 1) && wrong == 0; round++) {
        wrong = play_once();
    }
    cr_assert_eq(wrong, 0, "%zu items were lost or got twice", wrong);
}
