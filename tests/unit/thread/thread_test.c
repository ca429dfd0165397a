#include <weft/thread/thread.h>

#include "thread/state.h"

#include "support/alloc_fail.h"
#include "support/gang.h"

#include <weft/base/self.h>
#include <weft/base/unwind.h>
#include <weft/sync/mutex.h>

#include <criterion/criterion.h>

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void setup(void)
{
    (void)weft_panic_set_hook(quiet);
}

TestSuite(thread, .init = setup);

static void start(weft_thread *t, weft_thread_fn *fn, void *arg)
{
    cr_assert_eq(weft_thread_spawn(t, fn, arg), WEFT_OK);
}

static void *same(void *arg)
{
    return arg;
}

static void *wait_at(void *arg)
{
    gate_wait(arg);
    return arg;
}

static void *panic_with(void *arg)
{
    weft_panic("no %s today", (const char *)arg);
}

Test(thread, join_brings_the_value)
{
    int anything;
    weft_thread t;
    weft_thread_result r;
    start(&t, same, &anything);
    cr_assert_eq(weft_thread_join(&t, &r), WEFT_OK);
    cr_assert_eq(r.value, &anything);
    cr_assert_null(t.state);
}

Test(thread, join_needs_no_place_for_the_result)
{
    weft_thread t;
    start(&t, same, NULL);
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    start(&t, panic_with, "fish");
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_PANICKED);
}

Test(thread, panic_ends_only_its_thread_and_join_tells)
{
    weft_thread t;
    weft_thread_result r = {.value = &t};
    start(&t, panic_with, "fish");
    cr_assert_eq(weft_thread_join(&t, &r), WEFT_PANICKED);
    cr_assert_str_eq(r.panic.message, "no fish today");
    cr_assert_str_eq(r.panic.file, __FILE__);
    cr_assert_eq(r.value, &t, "a panic leaves the value alone");
}

/* ------------------------------------------------- leaving by other ways */

typedef struct holder {
    weft_mutex mutex;
    gate held;
    pthread_t os;
    enum { RETURN, PANIC, EXIT, CANCEL } way;
} holder;

static void *hold_and_leave(void *arg)
{
    holder *h = arg;
    if (weft_mutex_lock(&h->mutex) != WEFT_OK) {
        return NULL;
    }
    h->os = pthread_self();
    gate_open(&h->held);
    if (h->way == PANIC) {
        weft_panic("while holding");
    }
    if (h->way == EXIT) {
        pthread_exit(NULL);
    }
    while (h->way == CANCEL) {
        (void)pause();
    }
    return h;
}

/* What the mutex is like once the thread counts as finished, and not later. */
static void leaves_poison(int way, weft_status expected)
{
    holder h = {WEFT_MUTEX_INIT, GATE_INIT, 0, RETURN};
    h.way = (__typeof__(h.way))way;
    weft_thread t;
    start(&t, hold_and_leave, &h);
    gate_wait(&h.held);
    if (way == CANCEL) {
        cr_assert_eq(pthread_cancel(h.os), 0);
    }
    while (!weft_thread_is_finished(&t)) {
        weft_thread_yield();
    }
    cr_assert_eq(weft_mutex_lock_try(&h.mutex), WEFT_POISONED);
    cr_assert_eq(weft_thread_join(&t, NULL), expected);
}

Test(thread, return_with_a_lock_poisons_it)
{
    leaves_poison(RETURN, WEFT_OK);
}

Test(thread, panic_with_a_lock_poisons_it)
{
    leaves_poison(PANIC, WEFT_PANICKED);
}

Test(thread, pthread_exit_is_told_by_join_and_poisons)
{
    leaves_poison(EXIT, WEFT_EXITED);
}

Test(thread, cancellation_is_told_by_join_and_poisons)
{
    leaves_poison(CANCEL, WEFT_EXITED);
}

/* A lock of the test's own, which is told when it is abandoned. */
typedef struct probe {
    uint32_t lock;
    bool exits;
    bool abandoned;
    bool too_late;
} probe;

static void abandon_probe(void *lock)
{
    probe *p = lock;
    const wefti_thread *self = wefti_thread_self();
    p->abandoned = true;
    p->too_late = self == NULL || wefti_thread_has_finished(self);
    (void)wefti_held_remove(lock, "probe");
}

static const wefti_lock_kind probe_kind = {"probe", abandon_probe};

static void *hold_probe(void *arg)
{
    probe *p = arg;
    if (wefti_held_has_room()) {
        wefti_held_push(p, 0, &probe_kind, WEFTI_DEPTH(p));
    }
    if (p->exits) {
        pthread_exit(NULL);
    }
    return NULL;
}

Test(thread, locks_are_abandoned_before_the_end_is_told)
{
    for (int exits = 0; exits < 2; exits++) {
        probe p = {.exits = exits != 0};
        weft_thread t;
        start(&t, hold_probe, &p);
        cr_assert_eq(weft_thread_join(&t, NULL), exits ? WEFT_EXITED : WEFT_OK);
        cr_assert(p.abandoned);
        cr_assert_not(p.too_late);
    }
}

/* ----------------------------------------------------------------- waiting */

Test(thread, join_try_and_join_until_leave_a_running_thread_alone)
{
    gate g = GATE_INIT;
    weft_thread t;
    weft_thread_result r;
    start(&t, wait_at, &g);
    cr_assert_eq(weft_thread_join_try(&t, &r), WEFT_BUSY);
    cr_assert_eq(weft_thread_join_until(&t, &r, weft_deadline_at_ns(0)),
                 WEFT_TIMEOUT);
    cr_assert_eq(weft_thread_join_until(&t, &r, weft_deadline_after_ms(2)),
                 WEFT_TIMEOUT);
    cr_assert_not(weft_thread_is_finished(&t));
    gate_open(&g);
    cr_assert_eq(weft_thread_join(&t, &r), WEFT_OK);
    cr_assert_eq(r.value, &g);
}

/* tinycthread#4, crossbeam 0.5.3: deadlines at the end of time overflowed. */
Test(thread, join_at_the_end_of_time_does_not_overflow)
{
    const uint64_t far[] = {UINT64_MAX, UINT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        gate g = GATE_INIT;
        weft_thread t;
        start(&t, wait_at, &g);
        gate_open(&g);
        const weft_deadline d = weft_deadline_at_ns(far[i]);
        cr_assert_eq(weft_thread_join_until(&t, NULL, d), WEFT_OK);
    }
}

/* rust-lang/rust#94644: the end was announced before the result was final. */
Test(thread, result_is_there_when_the_end_is_told)
{
    for (int i = 0; i < 300; i++) {
        int anything;
        weft_thread t;
        weft_thread_result r = {0};
        weft_status s;
        start(&t, same, &anything);
        while ((s = weft_thread_join_try(&t, &r)) == WEFT_BUSY) {
            weft_thread_yield();
        }
        cr_assert_eq(s, WEFT_OK);
        cr_assert_eq(r.value, &anything);
    }
}

static void ignore_signal(int number)
{
    (void)number;
}

/* Interrupts what the test's thread sleeps in, then opens the gate. */
typedef struct disturber {
    pthread_t victim;
    int tid;
    gate g;
    bool asleep;
} disturber;

static void *disturb(void *arg)
{
    disturber *d = arg;
    d->asleep = true;
    for (int i = 0; i < 20; i++) {
        d->asleep = test_wait_until_asleep(d->tid) && d->asleep;
        (void)pthread_kill(d->victim, SIGUSR1);
        weft_thread_yield();
    }
    gate_open(&d->g);
    return NULL;
}

static disturber disturber_make(void)
{
    const struct sigaction action = {.sa_handler = ignore_signal};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    return (disturber){pthread_self(), gettid(), GATE_INIT, false};
}

Test(thread, signal_does_not_end_a_join)
{
    disturber d = disturber_make();
    weft_thread waits, disturbs;
    start(&waits, wait_at, &d.g);
    start(&disturbs, disturb, &d);
    cr_assert_eq(
        weft_thread_join_until(&waits, NULL, weft_deadline_after_s(60)),
        WEFT_OK);
    cr_assert_eq(weft_thread_join(&disturbs, NULL), WEFT_OK);
    cr_assert(d.asleep);
}

Test(thread, signal_does_not_end_a_sleep)
{
    disturber d = disturber_make();
    weft_thread disturbs;
    start(&disturbs, disturb, &d);
    const weft_deadline wake = weft_deadline_after_ms(100);
    weft_thread_sleep_until(wake);
    cr_assert(weft_deadline_passed(wake));
    cr_assert_eq(weft_thread_join(&disturbs, NULL), WEFT_OK);
}

Test(thread, sleep_until_the_past_returns_at_once)
{
    const uint64_t before = weft_now_ns();
    weft_thread_sleep_until(weft_deadline_at_ns(0));
    weft_thread_sleep_until(weft_deadline_at_ns(before));
    cr_assert_lt(weft_now_ns() - before, 1000000000);
}

/* ------------------------------------------------- joins with a lock held */

Test(thread, join_that_cannot_hang_may_hold_a_lock)
{
    weft_mutex m = WEFT_MUTEX_INIT;
    weft_thread first, second;
    start(&first, same, NULL);
    start(&second, same, NULL);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    const weft_deadline d = weft_deadline_after_s(20);
    cr_assert_eq(weft_thread_join_until(&first, NULL, d), WEFT_OK);
    while (weft_thread_join_try(&second, NULL) == WEFT_BUSY) {
        weft_thread_yield();
    }
    weft_mutex_unlock(&m);
}

/* ------------------------------------------------------------------ detach */

Test(thread, detached_thread_frees_its_state_at_its_end)
{
    test_alloc_install();
    gate g = GATE_INIT;
    weft_thread t;
    start(&t, wait_at, &g);
    weft_thread_detach(&t);
    cr_assert_null(t.state);
    gate_open(&g);
    const weft_deadline d = weft_deadline_after_s(20);
    while (test_alloc_live() != 0 && !weft_deadline_passed(d)) {
        weft_thread_yield();
    }
    cr_assert_eq(test_alloc_live(), 0);
}

Test(thread, finished_thread_can_still_be_detached)
{
    test_alloc_install();
    weft_thread t;
    start(&t, same, NULL);
    while (!weft_thread_is_finished(&t)) {
        weft_thread_yield();
    }
    weft_thread_detach(&t);
    const weft_deadline d = weft_deadline_after_s(20);
    while (test_alloc_live() != 0 && !weft_deadline_passed(d)) {
        weft_thread_yield();
    }
    cr_assert_eq(test_alloc_live(), 0);
}

/* ----------------------------------------------------------------- options */

static void *read_name(void *arg)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/comm", gettid());
    FILE *f = fopen(path, "r");
    char *got = f != NULL ? fgets(arg, 32, f) : NULL;
    if (f != NULL) {
        (void)fclose(f);
    }
    return got;
}

Test(thread, name_is_shown_by_the_system_and_cut_only_there)
{
    char shown[32] = "";
    const weft_thread_options options = {.name = "a name of many words"};
    weft_thread t;
    weft_thread_result r;
    cr_assert_eq(weft_thread_spawn_with(&t, &options, read_name, shown),
                 WEFT_OK);
    cr_assert_str_eq(weft_thread_name(&t), "a name of many words");
    cr_assert_eq(weft_thread_join(&t, &r), WEFT_OK);
    cr_assert_not_null(r.value);
    cr_assert_str_eq(shown, "a name of many \n");
}

Test(thread, no_name_is_an_empty_name)
{
    weft_thread t;
    start(&t, same, NULL);
    cr_assert_str_eq(weft_thread_name(&t), "");
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
}

static void *read_stack_size(void *arg)
{
    pthread_attr_t attr;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        (void)pthread_attr_getstacksize(&attr, arg);
        (void)pthread_attr_destroy(&attr);
    }
    return NULL;
}

static size_t stack_size_given(size_t wanted)
{
    size_t given = 0;
    const weft_thread_options options = {.stack_size = wanted};
    weft_thread t;
    cr_assert_eq(weft_thread_spawn_with(&t, &options, read_stack_size, &given),
                 WEFT_OK);
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    return given;
}

Test(thread, stack_size_is_honoured_and_rounded_up)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    cr_assert_geq(stack_size_given(1), (size_t)PTHREAD_STACK_MIN);
    cr_assert_eq(stack_size_given(3 << 20), (size_t)3 << 20);
    cr_assert_eq(stack_size_given((3 << 20) + 1), ((size_t)3 << 20) + page);
}

/* ----------------------------------------------------------------- failure */

Test(thread, refused_thread_leaves_an_empty_handle)
{
    test_alloc_install();
    const size_t impossible[] = {SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 60};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        const weft_thread_options options = {.stack_size = impossible[i]};
        weft_thread t;
        cr_assert_eq(weft_thread_spawn_with(&t, &options, same, NULL),
                     WEFT_NO_RESOURCES);
        cr_assert_null(t.state);
        cr_assert_eq(test_alloc_live(), 0);
    }
}

Test(thread, spawn_without_memory_changes_nothing)
{
    test_alloc_install();
    weft_thread t;
    for (size_t k = 1;; k++) {
        cr_assert_leq(k, 10);
        test_alloc_fail_at(k);
        const weft_status s = weft_thread_spawn(&t, same, &t);
        test_alloc_fail_at(0);
        if (s == WEFT_OK) {
            break;
        }
        cr_assert_eq(s, WEFT_NO_MEMORY);
        cr_assert_null(t.state);
        cr_assert_eq(test_alloc_live(), 0);
    }
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    cr_assert_eq(test_alloc_live(), 0);
}

static void join_empty(void *arg)
{
    weft_require(weft_thread_join(arg, NULL) == WEFT_OK);
}

static void detach_empty(void *arg)
{
    weft_thread_detach(arg);
}

static void ask_empty(void *arg)
{
    weft_require(weft_thread_is_finished(arg));
}

static void join_as_another_type(void *arg)
{
    char small;
    weft_require(wefti_thread_join_until(arg, WEFT_FOREVER, &small, 1, NULL) ==
                 WEFT_OK);
}

static void panics_saying(void (*fn)(void *), void *arg, const char *what)
{
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(fn, arg, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, what), "%s", info.message);
}

Test(thread, use_of_an_empty_handle_panics)
{
    weft_thread t = {0};
    panics_saying(join_empty, &t, "weft_thread_join: the handle is empty");
    panics_saying(detach_empty, &t, "weft_thread_detach: the handle is empty");
    panics_saying(ask_empty, &t,
                  "weft_thread_is_finished: the handle is empty");
}

Test(thread, second_join_panics)
{
    weft_thread t;
    start(&t, same, NULL);
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    panics_saying(join_empty, &t, "already joined or detached");
}

Test(thread, join_as_another_type_panics)
{
    weft_thread t;
    start(&t, same, NULL);
    panics_saying(join_as_another_type, &t, "another type");
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
}

typedef struct selfish {
    gate started;
    weft_thread t;
} selfish;

static void *join_self(void *arg)
{
    selfish *s = arg;
    gate_wait(&s->started);
    weft_require(weft_thread_join(&s->t, NULL) == WEFT_OK);
    return NULL;
}

Test(thread, join_of_oneself_panics)
{
    selfish s = {GATE_INIT, {NULL}};
    weft_thread_result r;
    start(&s.t, join_self, &s);
    gate_open(&s.started);
    cr_assert_eq(weft_thread_join(&s.t, &r), WEFT_PANICKED);
    cr_assert_not_null(strstr(r.panic.message, "cannot join itself"));
}
