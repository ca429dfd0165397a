/* Threads, explored: start, end, join with and without a deadline, detach. */
#include "support/model.h"

#include <weft/sync/mutex.h>
#include <weft/thread/park.h>
#include <weft/thread/thread.h>

#include <criterion/criterion.h>
#include <string.h>

static int done;
static weft_mutex m = WEFT_MUTEX_INIT;

static struct {
    int timeouts, busy, ended;
} seen;

__attribute__((no_sanitize("thread"))) static void count(int *what)
{
    ++*what;
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void quiet(void)
{
    (void)weft_panic_set_hook(silent);
}

TestSuite(thread, .init = quiet);

static void *work(void *arg)
{
    done++;
    return arg;
}

static weft_thread start(weft_thread_fn *fn)
{
    static int argument;
    weft_thread t;
    weft_model_assert(weft_thread_spawn(&t, fn, &argument) == WEFT_OK);
    weft_model_name(t.state, 64, "thread");
    return t;
}

/* -------------------------------------------------------------------- joins
 */

static void join(void *unused)
{
    (void)unused;
    weft_thread t = start(work);
    weft_thread_result end;
    weft_model_assert(weft_thread_join(&t, &end) == WEFT_OK);
    weft_model_assert(end.value != NULL && done == 1);
}

Test(thread, join_brings_what_the_thread_did)
{
    model_holds(join, .name = "thread, join", .spurious = 1);
}

/* A deadline may pass at any moment: the handle then stays, and AWAITED too. */
static void join_in_time(void *unused)
{
    (void)unused;
    weft_thread t = start(work);
    weft_status s;
    int tries = 0;
    while ((s = weft_thread_join_until(&t, NULL, weft_deadline_after_ms(1))) ==
           WEFT_TIMEOUT) {
        count(&seen.timeouts);
        if (++tries == 2) {
            s = weft_thread_join(&t, NULL);
            break;
        }
    }
    count(&seen.ended);
    weft_model_assert(s == WEFT_OK && done == 1);
}

Test(thread, join_may_give_up_and_come_again)
{
    model_holds(join_in_time, .name = "thread, timed join", .spurious = 1);
    cr_expect(seen.timeouts > 0 && seen.ended > seen.timeouts / 2);
}

static void join_if_finished(void *unused)
{
    (void)unused;
    weft_thread t = start(work);
    weft_status s = weft_thread_join_try(&t, NULL);
    count(s == WEFT_BUSY ? &seen.busy : &seen.ended);
    if (s == WEFT_BUSY) {
        s = weft_thread_join(&t, NULL);
    }
    weft_model_assert(s == WEFT_OK && done == 1);
}

Test(thread, join_try_is_busy_or_through)
{
    model_holds(join_if_finished, .name = "thread, try join");
    cr_expect(seen.busy > 0 && seen.ended > 0);
}

/* ---------------------------------------------------------------- the end
 * Row 28 (rust#94644): whoever knows that the thread has finished finds its
 * locks released, poisoned, and its result written. */

static void *leave_locked(void *arg)
{
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    return arg;
}

static void finished_is_final(void *unused)
{
    (void)unused;
    weft_thread t = start(leave_locked);
    if (weft_thread_is_finished(&t)) {
        count(&seen.ended);
        weft_model_assert(weft_mutex_lock_try(&m) == WEFT_POISONED);
    } else {
        count(&seen.busy);
    }
    weft_model_assert(weft_thread_join(&t, NULL) == WEFT_OK);
    weft_model_assert(weft_mutex_lock_try(&m) == WEFT_POISONED);
}

Test(thread, nothing_comes_after_finished)
{
    model_holds(finished_is_final, .name = "thread, finished");
    cr_expect(seen.busy > 0 && seen.ended > 0);
}

static void *fail(void *unused)
{
    (void)unused;
    weft_panic("number %d", ++done);
}

static void join_panicked(void *unused)
{
    (void)unused;
    weft_thread t = start(fail);
    weft_thread_result end;
    weft_model_assert(weft_thread_join(&t, &end) == WEFT_PANICKED);
    weft_model_assert(strcmp(end.panic.message, "number 1") == 0);
}

Test(thread, panic_comes_out_of_the_join)
{
    model_holds(join_panicked, .name = "thread, panic");
}

/* ------------------------------------------------------------ the last one
 * The state is freed once, by whoever comes last: the thread, the handle's
 * owner, or the holder of a ref. */

static void detach(void *unused)
{
    (void)unused;
    weft_thread t = start(work);
    weft_thread_detach(&t);
}

Test(thread, detached_thread_frees_its_state)
{
    model_holds(detach, .name = "thread, detach");
}

static weft_thread_ref ref;

static void unpark_and_drop(void *unused)
{
    (void)unused;
    weft_thread_unpark(&ref);
    weft_thread_ref_drop(&ref);
}

static void *park(void *arg)
{
    weft_thread_park();
    done++;
    return arg;
}

static void park_and_detach(void *unused)
{
    (void)unused;
    weft_thread t = start(park);
    weft_thread_ref_of(&ref, &t);
    weft_model_thread u = weft_model_spawn(unpark_and_drop, NULL);
    weft_thread_detach(&t);
    weft_model_join(u);
}

Test(thread, ref_outlives_handle_and_thread)
{
    model_holds(park_and_detach, .name = "thread, ref");
}

static void *join_other(void *handle)
{
    weft_model_assert(weft_thread_join(handle, NULL) == WEFT_OK);
    weft_model_assert(done == 1);
    return NULL;
}

/* The handle is moved to another thread, which joins. */
static void chain(void *unused)
{
    (void)unused;
    weft_thread first = start(work);
    weft_thread second;
    weft_model_assert(weft_thread_spawn(&second, join_other, &first) ==
                      WEFT_OK);
    weft_model_assert(weft_thread_join(&second, NULL) == WEFT_OK);
    weft_model_assert(done == 1);
}

Test(thread, handle_moves_to_another_thread)
{
    model_holds(chain, .name = "thread, chain");
}
