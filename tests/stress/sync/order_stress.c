/* Locks in many orders, all of them sound, on many threads at once: in the
 * checked build none may be reported, in any build none may deadlock. */
#include <weft/base/checked.h>
#include <weft/sync/mutex.h>
#include <weft/sync/spinlock.h>

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 3000, LOCKS = 24 };

static weft_mutex table[LOCKS];
static long values[LOCKS]; /* guarded by the mutex of that number */
static weft_mutex gate_lock;

WEFT_UNCHECKED static void lock(gang_member *me, weft_mutex *m)
{
    gang_check(me, weft_mutex_lock(m) == WEFT_OK);
}

/* In the order of their addresses. */
WEFT_UNCHECKED static void move_one(gang_member *me, uint64_t from, uint64_t to)
{
    if (from == to) {
        return;
    }
    lock(me, &table[from < to ? from : to]);
    lock(me, &table[from < to ? to : from]);
    values[from]--;
    values[to]++;
    weft_mutex_unlock(&table[from]);
    weft_mutex_unlock(&table[to]);
}

/* In any order, but only if the second is free. */
WEFT_UNCHECKED static void move_if_free(gang_member *me, uint64_t from,
                                        uint64_t to)
{
    lock(me, &table[from]);
    if (from != to && weft_mutex_lock_try(&table[to]) == WEFT_OK) {
        values[from]--;
        values[to]++;
        weft_mutex_unlock(&table[to]);
    }
    weft_mutex_unlock(&table[from]);
}

/* Two locks of its own, which come and go, in both orders. */
WEFT_UNCHECKED static void use_own(gang_member *me, bool backwards)
{
    struct pair {
        weft_mutex m;
        weft_spinlock s;
    } *p = calloc(1, sizeof *p);
    gang_check(me, p != NULL);
    if (backwards) {
        weft_spinlock_lock(&p->s);
    }
    lock(me, &p->m);
    if (!backwards) {
        weft_spinlock_lock(&p->s);
    }
    weft_spinlock_unlock(&p->s);
    weft_mutex_unlock(&p->m);
    weft_bury(p, sizeof *p);
    free(p);
}

static weft_mutex left, right;

/* In both orders, but one thread at a time. */
WEFT_UNCHECKED static void use_gate(gang_member *me, bool backwards)
{
    lock(me, &gate_lock);
    lock(me, backwards ? &right : &left);
    lock(me, backwards ? &left : &right);
    weft_mutex_unlock(&left);
    weft_mutex_unlock(&right);
    weft_mutex_unlock(&gate_lock);
}

static void be_busy(gang_member *me)
{
    test_rng rng = test_rng_make(me->index);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t from = test_rng_below(&rng, LOCKS);
        uint64_t to = test_rng_below(&rng, LOCKS);
        switch (test_rng_below(&rng, 4)) {
        case 0:
            move_one(me, from, to);
            break;
        case 1:
            move_if_free(me, from, to);
            break;
        case 2:
            use_own(me, to % 2 == 0);
            break;
        default:
            use_gate(me, to % 2 == 0);
        }
    }
}

Test(order_stress, sound_orders_are_left_alone)
{
    (void)test_seed();
    gang_run(THREADS, be_busy, NULL);
    long sum = 0;
    for (int i = 0; i < LOCKS; i++) {
        sum += values[i];
    }
    cr_assert_eq(sum, 0);
}
