/* Spinlocks under everything at once: more threads than cores, several locks,
 * plain and guarded and tried, panics inside, naps of the waiters. */
#include <weft/weft.h>

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>

enum { ACCOUNTS = 5, THREADS = 16, TURNS = 4000, WEALTH = 1000 };

/* Money moves; the sum stays. Each account has a lock of its own, and a mover
 * takes two, the lower first. */
typedef struct account {
    weft_spinlock lock;
    int64_t balance; /* guarded by lock */
    int64_t mirror;  /* guarded by lock: -balance */
} account;

typedef struct bank {
    account accounts[ACCOUNTS];
    weft_atomic_u64 fallen;
} bank;

static void put(account *a, int64_t amount)
{
    weft_require(a->balance == -a->mirror);
    a->balance += amount;
    a->mirror -= amount;
}

typedef struct transfer {
    account *from;
    account *to;
    int64_t amount;
    bool falls;
} transfer;

static void move_guarded(void *arg)
{
    transfer *t = arg;
    account *first = t->from < t->to ? t->from : t->to;
    account *second = t->from < t->to ? t->to : t->from;
    WEFT_SPIN(outer, &first->lock) {
        WEFT_SPIN(inner, &second->lock) {
            if (t->falls) {
                weft_panic("fell");
            }
            put(t->from, -t->amount);
            put(t->to, t->amount);
        }
    }
}

static void move_plainly(transfer *t)
{
    account *first = t->from < t->to ? t->from : t->to;
    account *second = t->from < t->to ? t->to : t->from;
    weft_spinlock_lock(&first->lock);
    while (!weft_spinlock_lock_try(&second->lock)) {
        weft_spinlock_unlock(&first->lock); /* as if a deadlock threatened */
        (void)sched_yield();
        weft_spinlock_lock(&first->lock);
    }
    put(t->from, -t->amount);
    put(t->to, t->amount);
    weft_spinlock_unlock(&second->lock);
    weft_spinlock_unlock(&first->lock);
}

static void move_once(gang_member *me, bank *b, test_rng *rng)
{
    size_t from = test_rng_below(rng, ACCOUNTS);
    size_t to = (from + 1 + test_rng_below(rng, ACCOUNTS - 1)) % ACCOUNTS;
    transfer t = {&b->accounts[from], &b->accounts[to],
                  (int64_t)test_rng_below(rng, WEALTH),
                  test_rng_below(rng, 64) == 0};
    if (!t.falls && test_rng_below(rng, 2) == 0) {
        move_plainly(&t);
        return;
    }
    weft_status s = weft_catch_unwind(move_guarded, &t, NULL);
    gang_check(me, s == (t.falls ? WEFT_PANICKED : WEFT_OK));
    if (t.falls) {
        (void)weft_atomic_u64_add_relaxed(&b->fallen, 1);
    }
}

static void move_money(gang_member *me)
{
    test_rng rng = test_rng_make(me->index);
    for (int i = 0; i < TURNS; i++) {
        move_once(me, me->arg, &rng);
    }
}

static void hush(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

Test(spinlock, money_is_neither_made_nor_lost)
{
    bank b = {0};
    (void)weft_panic_set_hook(hush);
    (void)test_seed(); /* told before anything can go wrong */
    gang_run(THREADS, move_money, &b);
    int64_t sum = 0;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        weft_spinlock_lock(&b.accounts[i].lock);
        cr_assert_eq(b.accounts[i].balance, -b.accounts[i].mirror);
        sum += b.accounts[i].balance;
        weft_spinlock_unlock(&b.accounts[i].lock);
    }
    cr_assert_eq(sum, 0);
    cr_assert_gt(weft_atomic_u64_load_relaxed(&b.fallen), 0);
}

/* The lock may be freed as soon as it is unlocked: nobody who left it touches
 * it again. Regressions 11 and 19. */
typedef struct ticket {
    weft_spinlock lock;
    uint32_t visitors; /* guarded by lock */
} ticket;

typedef struct booth {
    ticket *current;
} booth;

static void visit(gang_member *me)
{
    booth *b = me->arg;
    for (int i = 0; i < TURNS; i++) {
        if (me->index == 0) {
            b->current = calloc(1, sizeof *b->current);
        }
        gang_meet(me);
        ticket *t = b->current;
        bool last = false;
        WEFT_SPIN(g, &t->lock) {
            t->visitors++;
            last = t->visitors == me->count;
        }
        if (last) {
            free(t);
        }
        gang_meet(me);
    }
}

Test(spinlock, the_last_visitor_may_free_it)
{
    booth b = {NULL};
    gang_run(3, visit, &b);
}
