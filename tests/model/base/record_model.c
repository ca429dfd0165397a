/* The record and the panic hook, explored: first locks at the same time, ends
 * of threads, hooks changed while others panic. */
#include "support/model.h"

#include "base/record.h"

#include <weft/base/panic.h>
#include <weft/base/unwind.h>
#include <weft/sync/mutex.h>

#include <criterion/criterion.h>

/* How often each of these happened, in all executions. */
static struct {
    uint32_t mine, theirs, poisoned, open;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

/* ---------------------------------------------------------------- the record
 */

static weft_mutex m[2];
static int ended;

static void lock_and_unlock(void *own)
{
    weft_model_assert(weft_mutex_lock(own) == WEFT_OK);
    weft_mutex_unlock(own);
}

static void two_first_locks(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(lock_and_unlock, &m[1]);
    lock_and_unlock(&m[0]);
    weft_model_join(t);
}

Test(record, begins_in_two_threads_at_once)
{
    model_holds(two_first_locks, .name = "two first locks");
}

/* What is registered for the end comes after the locks were abandoned, and
 * before whoever joins. */
static void note_end(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_is_poisoned(&m[0]));
    ended++;
}

static void end_with_a_lock(void *unused)
{
    (void)unused;
    weft_model_assert(wefti_record_at_exit(note_end, NULL));
    weft_model_assert(weft_mutex_lock(&m[0]) == WEFT_OK);
}

static void lock_of_the_ended(void *unused)
{
    (void)unused;
    lock_and_unlock(&m[0]);
    weft_model_thread t = weft_model_spawn(end_with_a_lock, NULL);
    switch (weft_mutex_lock(&m[0])) {
    case WEFT_OK:
        weft_model_assert(ended == 0);
        weft_mutex_unlock(&m[0]);
        count(&seen.open);
        break;
    case WEFT_POISONED:
        count(&seen.poisoned);
        break;
    default:
        weft_model_fail("neither open nor poisoned");
    }
    weft_model_join(t);
    weft_model_assert(ended == 1);
    weft_model_assert(weft_mutex_lock_try(&m[0]) == WEFT_POISONED);
}

Test(record, abandons_what_an_ended_thread_held)
{
    model_holds(lock_of_the_ended, .name = "end with a lock", .spurious = 1);
    cr_assert(seen.open > 0 && seen.poisoned > 0);
}

/* ------------------------------------------------------------- the panic hook
 */

static struct {
    int panics; /* plain: the hook's own data */
} table[2];

static void first_hook(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
    weft_model_assert(table[0].panics == 0);
    count(&seen.mine);
}

static void second_hook(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
    weft_model_assert(table[1].panics == -1); /* as its installer set it */
    count(&seen.theirs);
}

static void panic(void *unused)
{
    (void)unused;
    weft_panic("a panic of T%u", weft_model_self());
}

static void install_second(void *unused)
{
    (void)unused;
    table[1].panics = -1;
    (void)weft_panic_set_hook(second_hook);
}

static void panic_meanwhile(void *unused)
{
    (void)unused;
    (void)weft_panic_set_hook(first_hook);
    weft_model_thread t = weft_model_spawn(install_second, NULL);
    weft_panic_info info;
    weft_model_assert(weft_catch_unwind(panic, NULL, &info) == WEFT_PANICKED);
    weft_model_assert(info.message[0] == 'a');
    weft_model_join(t);
}

Test(panic, finds_what_the_new_hook_needs)
{
    model_holds(panic_meanwhile, .name = "hook during a panic");
    cr_assert(seen.mine > 0 && seen.theirs > 0);
}

/* Whoever takes a hook out may take apart what it needed. */
static void take_out(void *unused)
{
    (void)unused;
    weft_panic_hook *before = weft_panic_set_hook(first_hook);
    if (before == second_hook) {
        weft_model_assert(table[1].panics == -1);
        table[1].panics = 0;
        count(&seen.theirs);
    } else {
        count(&seen.mine);
    }
}

static void replace_meanwhile(void *unused)
{
    weft_model_thread t = weft_model_spawn(install_second, NULL);
    take_out(unused);
    weft_model_join(t);
}

Test(panic, hands_the_old_hook_back_with_its_data)
{
    model_holds(replace_meanwhile, .name = "two set the hook");
    cr_assert(seen.mine > 0 && seen.theirs > 0);
}

/* Two threads unwind at the same time, each to its own catch point. */
static void catch_own(void *unused)
{
    (void)unused;
    weft_panic_info info;
    weft_model_assert(weft_catch_unwind(panic, NULL, &info) == WEFT_PANICKED);
    weft_model_assert(info.message[12] == (char)('0' + weft_model_self()));
    weft_model_assert(!weft_panicking());
}

static void two_panic(void *unused)
{
    (void)weft_panic_set_hook(first_hook);
    weft_model_thread t = weft_model_spawn(catch_own, NULL);
    catch_own(unused);
    weft_model_join(t);
}

Test(panic, unwinds_two_threads_at_once)
{
    model_holds(two_panic, .name = "two panic");
}
