/* The mutex between two threads, explored: exclusion, deadlines, poison. Among
 * three: mutex_crowd_model.c. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static weft_mutex m = WEFT_MUTEX_INIT;
static int value; /* plain: guarded by m alone */

/* How often each of these happened, in all executions. */
static struct {
    uint32_t ok, poisoned, late, busy, first, second;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

/* What each thread does once at its first lock is not what is explored. */
static void begin(void)
{
    weft_model_name(&m, sizeof m, "m");
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    weft_mutex_unlock(&m);
}

/* -------------------------------------------------- exclusion and wake-ups */

static void increment(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    value++;
    weft_mutex_unlock(&m);
}

/* RUSTSEC-2019-0013: an unlock that hands nothing over. */
static void two_increment(void *unused)
{
    (void)unused;
    begin();
    weft_model_thread t = weft_model_spawn(increment, NULL);
    increment(NULL);
    weft_model_join(t);
    weft_model_assert(value == 2);
}

Test(mutex, excludes_two)
{
    model_holds(two_increment, .name = "mutex, two threads", .spurious = 2);
}

/* The last of several owners of a block frees it right after its own unlock,
 * while another's unlock may not have returned. Of the kind of glibc 12674,
 * where the one who wakes looks at what the woken has freed. */
typedef struct block {
    weft_mutex mutex;
    int owners;
} block;

static void leave_block(void *arg)
{
    block *b = arg;
    weft_model_assert(weft_mutex_lock(&b->mutex) == WEFT_OK);
    bool last = --b->owners == 0;
    weft_mutex_unlock(&b->mutex);
    if (last) {
        free(b);
    }
}

static void free_after_unlock(void *unused)
{
    (void)unused;
    begin();
    block *b = malloc(sizeof *b);
    weft_model_assert(b != NULL);
    weft_mutex_init(&b->mutex);
    b->owners = 2;
    weft_model_thread t = weft_model_spawn(leave_block, b);
    leave_block(b);
    weft_model_join(t);
}

Test(mutex, may_be_freed_by_the_next_holder)
{
    model_holds(free_after_unlock, .name = "mutex, freed");
}

/* ----------------------------------------------------------------- deadlines
 */

/* GNOME/glib#3034: errno is the caller's, whatever the waiting took. */
static weft_status try_or_wait(bool wait)
{
    errno = EXDEV;
    weft_status s = wait ? weft_mutex_lock_until(&m, weft_deadline_after_ms(1))
                         : weft_mutex_lock_try(&m);
    if (s == WEFT_OK) {
        value++;
        weft_mutex_unlock(&m);
        count(&seen.ok);
    } else {
        weft_model_assert(s == (wait ? WEFT_TIMEOUT : WEFT_BUSY));
        count(wait ? &seen.late : &seen.busy);
    }
    weft_model_assert(errno == EXDEV);
    return s;
}

static void wait_a_while(void *unused)
{
    (void)unused;
    begin();
    weft_model_thread t = weft_model_spawn(increment, NULL);
    weft_status s = try_or_wait(true);
    weft_model_join(t);
    weft_model_assert(value == 1 + (s == WEFT_OK));
    weft_model_assert(try_or_wait(true) == WEFT_OK);
}

Test(mutex, waits_until_the_deadline)
{
    model_holds(wait_a_while, .name = "mutex, deadline", .spurious = 1);
    cr_assert(seen.ok > 0 && seen.late > 0);
}

static void try_once(void *unused)
{
    (void)unused;
    begin();
    weft_model_thread t = weft_model_spawn(increment, NULL);
    weft_status s = try_or_wait(false);
    weft_model_join(t);
    weft_model_assert(value == 1 + (s == WEFT_OK));
    weft_model_assert(try_or_wait(false) == WEFT_OK);
}

Test(mutex, tries_once)
{
    model_holds(try_once, .name = "mutex, try", .spurious = 1);
    cr_assert(seen.ok > 0 && seen.busy > 0);
}

/* -------------------------------------------------------------------- poison
 */

static void silence(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void begin_to_fall(void)
{
    begin();
    (void)weft_panic_set_hook(silence);
}

/* Panic with the data half changed. */
static void break_off(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    value = -1;
    weft_panic("half done");
}

static void fall(void *unused)
{
    (void)unused;
    weft_model_assert(weft_catch_unwind(break_off, NULL, NULL) ==
                      WEFT_PANICKED);
}

static void repair(void)
{
    weft_model_assert(weft_mutex_recover(&m) == WEFT_OK);
    value = 0;
    weft_mutex_clear_poison(&m);
    weft_mutex_unlock(&m);
}

/* Sees the data whole, or poison, and then repairs it. */
static void lock_or_repair(void *unused)
{
    (void)unused;
    switch (weft_mutex_lock(&m)) {
    case WEFT_OK:
        weft_model_assert(value == 0);
        weft_mutex_unlock(&m);
        count(&seen.ok);
        break;
    case WEFT_POISONED:
        repair();
        count(&seen.poisoned);
        break;
    default:
        weft_model_fail("neither open nor poisoned");
    }
}

static void one_falls(void *unused)
{
    (void)unused;
    begin_to_fall();
    weft_model_thread t = weft_model_spawn(fall, NULL);
    lock_or_repair(NULL);
    weft_model_join(t);
}

Test(mutex, is_poisoned_by_a_panic)
{
    model_holds(one_falls, .name = "mutex, a holder panics", .spurious = 1);
    cr_assert(seen.ok > 0 && seen.poisoned > 0);
}

/* Poison cleared by a stranger, while a holder that came by recover unlocks:
 * neither loses what the other did, and the holder's data is handed over
 * across the clearing. */
static void recover(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_recover(&m) == WEFT_OK);
    value = 1;
    weft_mutex_unlock(&m);
}

static void clear_meanwhile(void *unused)
{
    begin_to_fall();
    fall(unused);
    weft_model_thread t = weft_model_spawn(recover, NULL);
    weft_mutex_clear_poison(&m);
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    weft_model_assert(value == -1 || value == 1);
    count(value == 1 ? &seen.second : &seen.first);
    weft_mutex_unlock(&m);
    weft_model_join(t);
    weft_model_assert(!weft_mutex_is_poisoned(&m));
    weft_model_assert(weft_mutex_lock_try(&m) == WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, is_cleared_of_poison_by_a_stranger)
{
    model_holds(clear_meanwhile, .name = "mutex, cleared", .spurious = 1);
    cr_assert(seen.first > 0 && seen.second > 0);
}

/* A deadline, met by poison or by time. */
static void recover_in_time(void *unused)
{
    begin_to_fall();
    fall(unused);
    weft_model_thread t = weft_model_spawn(recover, NULL);
    switch (weft_mutex_lock_until(&m, weft_deadline_after_ms(1))) {
    case WEFT_POISONED:
        count(&seen.poisoned);
        break;
    case WEFT_TIMEOUT:
        count(&seen.late);
        break;
    default:
        weft_model_fail("nobody has cleared the poison");
    }
    weft_status s = weft_mutex_recover_until(&m, weft_deadline_after_ms(1));
    if (s == WEFT_OK) {
        weft_model_assert(value == -1 || value == 1);
        weft_mutex_unlock(&m);
        count(&seen.ok);
    } else {
        weft_model_assert(s == WEFT_TIMEOUT);
    }
    weft_model_join(t);
    weft_model_assert(weft_mutex_lock_try(&m) == WEFT_POISONED);
    weft_model_assert(weft_mutex_recover_try(&m) == WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, refuses_or_times_out_beside_a_repair)
{
    model_holds(recover_in_time, .name = "mutex, recover in time");
    cr_assert(seen.ok > 0 && seen.poisoned > 0 && seen.late > 0);
}

/* A hardy mutex is only released. */
static void lock_hardy(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    weft_model_assert(value == 0 || value == -1);
    weft_mutex_unlock(&m);
}

static void one_falls_hardy(void *unused)
{
    begin_to_fall();
    m = (weft_mutex)WEFT_MUTEX_INIT_HARDY;
    weft_model_thread t = weft_model_spawn(fall, NULL);
    lock_hardy(unused);
    weft_model_join(t);
    lock_hardy(unused);
    weft_model_assert(!weft_mutex_is_poisoned(&m));
}

Test(mutex, releases_when_hardy_and_does_not_poison)
{
    model_holds(one_falls_hardy, .name = "mutex, hardy", .spurious = 1);
}
