/* A bank whose clerks fall over at work.
 *
 * Whoever changes an account notes first what it was. A poisoned account is
 * one whose change was left half done, and no other; the next clerk puts it
 * back. In the end the bank has what it had. */
#include "soak.h"

#include <pthread.h>

enum { ACCOUNTS = 6, START = 1000, FALL_ONE_IN = 50 };

typedef struct ledger {
    int64_t balance;
    int64_t before; /* while half_done */
    bool half_done;
} ledger;
WEFT_MUTEX_DEFINE(account, ledger);

static account accounts[ACCOUNTS];

static weft_spinlock till = WEFT_SPINLOCK_INIT;
static uint64_t till_count; /* guarded by till */
static weft_atomic_u64 till_visits;

static void begin(void)
{
    for (size_t i = 0; i < ACCOUNTS; i++) {
        const ledger fresh = {.balance = START};
        account_init(&accounts[i], fresh);
    }
}

static void begin_change(ledger *l)
{
    soak_check(!l->half_done);
    l->before = l->balance;
    l->half_done = true;
}

/* Put back what a clerk who fell had begun. */
static void repair(account *a)
{
    account_guard g;
    if (account_recover(a, &g) != WEFT_OK) {
        return; /* no memory: another time */
    }
    ledger *l = account_get(&g);
    soak_check(account_is_poisoned(a) == l->half_done);
    if (l->half_done) {
        l->balance = l->before;
        l->half_done = false;
        account_clear_poison(a);
    }
    account_unlock(&g);
}

static weft_status lock_somehow(soak_self *me, account *a, account_guard *g)
{
    switch (soak_below(me, 4)) {
    case 0:
        return account_lock_try(a, g);
    case 1:
        return account_lock_until(a, g, soak_deadline(me));
    default:
        return account_lock(a, g);
    }
}

typedef struct transfer {
    soak_self *me;
    account *from; /* before `to` in the array, so that nobody deadlocks */
    account *to;
    int64_t amount;
    bool falls;
} transfer;

static void move_money(const transfer *t, ledger *from, ledger *to)
{
    begin_change(to);
    from->balance -= t->amount;
    if (t->falls) {
        soak_panic();
    }
    to->balance += t->amount;
    from->half_done = false;
    to->half_done = false;
}

/* Without cleanups: after a fall the record of held locks has to do it. */
static void transfer_by_hand(void *arg)
{
    const transfer *t = arg;
    account_guard from;
    account_guard to;
    weft_status s = lock_somehow(t->me, t->from, &from);
    soak_note_status(t->me, s);
    if (s != WEFT_OK) {
        return;
    }
    begin_change(account_get(&from));
    s = lock_somehow(t->me, t->to, &to);
    soak_note_status(t->me, s);
    if (s == WEFT_OK) {
        move_money(t, account_get(&from), account_get(&to));
        account_unlock(&to);
    } else {
        account_get(&from)->half_done = false;
    }
    account_unlock(&from);
}

static void transfer_in_blocks(void *arg)
{
    const transfer *t = arg;
    WEFT_LOCK(account, from, t->from) {
        begin_change(account_get(&from));
        WEFT_LOCK(account, to, t->to) {
            move_money(t, account_get(&from), account_get(&to));
            soak_note(t->me, SOAK_DONE);
        }
    }
}

/* Clerks who go home with the key. */
static void *keep_the_key(void *a)
{
    account_guard g;
    if (account_lock(a, &g) == WEFT_OK) {
        begin_change(account_get(&g));
        account_get(&g)->balance = 0;
    }
    return NULL;
}

static void *leave_with_the_key(void *a)
{
    (void)keep_the_key(a);
    pthread_exit(NULL);
}

static void go_home(soak_self *me, account *a)
{
    weft_thread t;
    const bool leaves = soak_chance(me, 2);
    const weft_status s =
        weft_thread_spawn(&t, leaves ? leave_with_the_key : keep_the_key, a);
    soak_note_status(me, s);
    if (s == WEFT_OK) {
        soak_check(weft_thread_join(&t, NULL) ==
                   (leaves ? WEFT_EXITED : WEFT_OK));
    }
}

static void use_till(void *unused)
{
    (void)unused;
    WEFT_SPIN(g, &till) {
        till_count++;
        weft_atomic_u64_add_relaxed(&till_visits, 1);
    }
}

static void act(soak_self *me)
{
    const uint64_t first = soak_below(me, ACCOUNTS - 1);
    const uint64_t second = first + 1 + soak_below(me, ACCOUNTS - 1 - first);
    transfer t = {me, &accounts[first], &accounts[second],
                  (int64_t)soak_below(me, 100), soak_chance(me, FALL_ONE_IN)};
    weft_panic_info info;
    if (weft_catch_unwind(soak_chance(me, 2) ? transfer_by_hand
                                             : transfer_in_blocks,
                          &t, &info) != WEFT_OK) {
        /* Or a block form: poisoned, or no memory. */
        soak_check(!soak_is_planned(&info) || t.falls);
        soak_note(me, soak_is_planned(&info) ? SOAK_PANICKED : SOAK_CLOSED);
    }
    if (soak_chance(me, 4)) {
        repair(&accounts[soak_below(me, ACCOUNTS)]);
    }
    if (soak_chance(me, 200)) {
        go_home(me, &accounts[soak_below(me, ACCOUNTS)]);
    }
    if (weft_catch_unwind(use_till, NULL, NULL) != WEFT_OK) {
        soak_note(me, SOAK_REFUSED);
    }
}

static void end(void)
{
    int64_t sum = 0;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        repair(&accounts[i]);
        soak_check(!account_is_poisoned(&accounts[i]));
        sum += account_get_unshared(&accounts[i])->balance;
    }
    soak_check(sum == (int64_t)ACCOUNTS * START);
    soak_check(till_count == weft_atomic_u64_load_relaxed(&till_visits));
}

const soak_actor soak_bank = {"bank", 3, begin, act, NULL, end};
