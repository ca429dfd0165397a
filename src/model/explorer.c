/* Threads take turns at their visible operations. Each runs up to its next one
 * and announces it; then the search says whose is made. A thread that has just
 * been started or woken runs on at once to its next announcement, so that the
 * search always knows the next step of every thread. */
#include "model/explorer.h"

#include "model/calls.h"
#include "model/fiber.h"
#include "model/log.h"
#include "model/memory.h"
#include "model/real.h"
#include "model/search.h"
#include "model/sight.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { NOBODY = -1, SECOND = 1000000000 };

typedef enum life {
    RUNNABLE,
    SLEEPING, /* on a word */
    ENDED,
} life;

typedef struct thread {
    life life;
    bool yields; /* its announced step is a turn of a spin loop */
    bool turned; /* and what it waits for has changed */
    bool timed;  /* its sleep has a deadline */
    bool woken;
    wefti_fiber *fiber;
    wefti_step next;
    wefti_knowledge knows;
    wefti_start start;
    void *result;
    uintptr_t word; /* that it sleeps on */
    uint32_t stores_at_turn;
    uint32_t forced; /* turns of spin loops with nothing changed */
    wefti_sights reads;
} thread;

bool wefti_explored;
wefti_turn wefti_running;
void (*wefti_explorer_at_exit)(void);

static thread threads[WEFTI_MODEL_THREADS];
static uint32_t thread_count;
static int hurried_by;  /* who waits for a started thread's announcement */
static uint32_t last;   /* whose step was made last */
static uint32_t forced; /* threads whose announced steps are */
static uint32_t step_count;
static uint32_t spurious_left;
static uint32_t write_count; /* steps that can end a turn of a spin loop */
static uint64_t clock_now;
static const weft_model_options *options;

static bool in_run; /* an execution is under way */
static bool pruned;
static bool failed;
static bool fences; /* there are some */
static bool met_fence;
static char message[sizeof((weft_model_result *)0)->message];

/* ---------------------------------------------------------------- the turn */

static WEFT_NORETURN void leave_run(void)
{
    wefti_fiber gone;
    wefti_fiber_switch(&gone, wefti_fiber_outside());
    __builtin_unreachable();
}

static void fail(const char *format, va_list args)
{
    failed = true;
    (void)vsnprintf(message, sizeof message, format, args);
}

void weft_model_fail(const char *format, ...)
{
    (void)wefti_explorer_enter();
    va_list args;
    va_start(args, format);
    fail(format, args);
    va_end(args);
    if (!in_run) {
        (void)fprintf(stderr, "weft_model: %s\n", message);
        __real_abort();
    }
    leave_run();
}

static bool sees_change(const thread *t)
{
    if (t->next.count == 0 || t->next.everywhere) {
        return write_count != t->stores_at_turn;
    }
    return wefti_sights_changed(&t->reads);
}

static bool blocked(const wefti_step *s)
{
    if (s->while_one) {
        return *(const volatile uint32_t *)s->address == 1;
    }
    return s->kind == WEFTI_STEP_JOIN && threads[s->target].life != ENDED;
}

/* The turn comes after the first change, and none of the later. With several
 * words, another change could have been the first: it comes after none. */
static bool may_turn(thread *t)
{
    if (!t->turned && sees_change(t)) {
        t->turned = true;
        if (t->reads.count == 1) {
            wefti_search_enabled_by((uint32_t)(t - threads),
                                    wefti_running.self);
        }
    }
    return t->turned;
}

static bool enabled(thread *t)
{
    switch (t->life) {
    case RUNNABLE:
        return t->yields ? may_turn(t) : !blocked(&t->next);
    case SLEEPING:
        return t->timed;
    case ENDED:
        break;
    }
    return false;
}

static uint32_t all_enabled(void)
{
    uint32_t set = 0;
    for (uint32_t t = 0; t < thread_count; t++) {
        set |= (uint32_t)enabled(&threads[t]) << t;
    }
    return set;
}

/* When nobody else can go on, loops that give up after so many turns may: any,
 * but nobody for the second time before all others have had a first. */
static uint32_t all_yielding(void)
{
    uint32_t set = 0;
    uint32_t least = UINT32_MAX;
    for (uint32_t t = 0; t < thread_count; t++) {
        thread *other = &threads[t];
        if (other->life == RUNNABLE && other->yields) {
            set = other->forced < least ? 0 : set;
            least = other->forced < least ? other->forced : least;
            set |= (uint32_t)(other->forced == least) << t;
        }
    }
    return set;
}

static void force(uint32_t set)
{
    forced = set;
    for (uint32_t t = 0; t < thread_count; t++) {
        threads[t].next.forced = (set >> t & 1) != 0;
    }
}

static WEFT_NORETURN void end_or_deadlock(void)
{
    char who[256];
    size_t used = 0;
    who[0] = '\0';
    for (uint32_t t = 0; t < thread_count; t++) {
        const thread *other = &threads[t];
        if (other->life == ENDED) {
            continue;
        }
        wefti_log_place(other->next.pc);
        const char *what = other->life == SLEEPING
                               ? "sleeps on"
                               : wefti_step_name(other->next.kind);
        const char *name = other->next.kind == WEFTI_STEP_JOIN
                               ? ""
                               : wefti_log_name_of(other->next.address);
        int n = snprintf(who + used, sizeof who - used, "%s T%u: %s %s",
                         used > 0 ? ";" : "", t, what, name);
        used += n > 0 && (size_t)n < sizeof who - used ? (size_t)n : 0;
    }
    if (used > 0) {
        weft_model_fail("deadlock or lost wake-up:%s", who);
    }
    leave_run();
}

static void run_as(uint32_t t)
{
    wefti_running.self = t;
    wefti_running.knows = &threads[t].knows;
}

static void go_on_with(uint32_t t)
{
    if (t != wefti_running.self) {
        uint32_t before = wefti_running.self;
        run_as(t);
        wefti_fiber_switch(threads[before].fiber, threads[t].fiber);
    }
}

/* Let the search choose, and return when the choice falls on this thread. */
static void take_turns(void)
{
    if (++step_count > options->steps) {
        weft_model_fail("no end after %u steps: a loop that nothing ends?",
                        options->steps);
    }
    uint32_t set = all_enabled();
    if (WEFT_UNLIKELY(set == 0 || forced != 0)) {
        force(set == 0 ? all_yielding() : 0);
        set |= forced;
    }
    if (set == 0) {
        end_or_deadlock();
    }
    const wefti_step *steps[WEFTI_MODEL_THREADS];
    for (uint32_t t = 0; t < thread_count; t++) {
        steps[t] = &threads[t].next;
    }
    int t = wefti_search_thread(set, steps, thread_count, last);
    if (t < 0) {
        pruned = true;
        leave_run();
    }
    last = (uint32_t)t;
    go_on_with((uint32_t)t);
}

static void account(void)
{
    thread *me = &threads[wefti_running.self];
    wefti_search_made(wefti_running.self, &me->next);
    me->yields = false;
    uint16_t time = ++me->knows.now.hb.of[wefti_running.self];
    me->knows.now.view.of[wefti_running.self] = time;
    (void)wefti_log_add(wefti_running.self, &me->next);
    write_count += me->next.writes != 0;
    me->forced += me->next.forced;
}

void wefti_explorer_step(const wefti_step *step)
{
    threads[wefti_running.self].next = *step;
    if (hurried_by != NOBODY) {
        uint32_t waiter = (uint32_t)hurried_by;
        hurried_by = NOBODY;
        go_on_with(waiter);
    } else {
        take_turns();
    }
    account();
}

/* Let another thread run to its next announcement. */
static void hurry(uint32_t t)
{
    wefti_search_enabled_by(t, wefti_running.self);
    hurried_by = (int)wefti_running.self;
    go_on_with(t);
}

/* ----------------------------------------------------------------- threads */

static void fiber_main(void)
{
    thread *me = &threads[wefti_running.self];
    const wefti_start start = me->start;
    wefti_explorer_leave();
    void *result = NULL;
    if (start.run_with_result != NULL) {
        result = start.run_with_result(start.arg);
    } else {
        start.run(start.arg);
    }
    wefti_explorer_exit(result);
}

void wefti_explorer_exit(void *result)
{
    if (wefti_explorer_at_exit != NULL) {
        wefti_explorer_at_exit();
    }
    (void)wefti_explorer_enter();
    wefti_step s = wefti_step_make(WEFTI_STEP_EXIT, NULL);
    wefti_step_use_thread(&s, wefti_running.self);
    wefti_explorer_step(&s);
    threads[wefti_running.self].result = result;
    wefti_memory_frame_ends((uintptr_t)threads[wefti_running.self].fiber->high,
                            NULL);
    threads[wefti_running.self].life = ENDED;
    take_turns();
    __builtin_unreachable();
}

static uint32_t add_thread(const wefti_start *start)
{
    if (thread_count == WEFTI_MODEL_THREADS) {
        weft_model_fail("more than %d threads", WEFTI_MODEL_THREADS);
    }
    uint32_t t = thread_count++;
    threads[t] = (thread){.start = *start};
    threads[t].fiber = wefti_fiber_start(t, fiber_main);
    return t;
}

uint32_t wefti_explorer_spawn(const wefti_start *start, const void *pc)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_SPAWN, pc);
    wefti_step_use(&s, WEFTI_RESOURCE_SPAWN, true);
    wefti_explorer_step(&s);
    uint32_t t = add_thread(start);
    wefti_log_last(wefti_running.self)->step.target = t;
    threads[t].knows.now = threads[wefti_running.self].knows.now;
    hurry(t);
    return t;
}

void *wefti_explorer_join(uint32_t t, const void *pc)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_JOIN, pc);
    wefti_step_use_thread(&s, t);
    wefti_explorer_step(&s);
    wefti_past_join(&threads[wefti_running.self].knows.now,
                    &threads[t].knows.now);
    return threads[t].result;
}

uint64_t wefti_explorer_pthread(uint32_t t)
{
    return (uint64_t)threads[t].fiber->lender;
}

void wefti_explorer_yield(const void *pc)
{
    thread *me = &threads[wefti_running.self];
    wefti_step s = wefti_step_make(WEFTI_STEP_YIELD, pc);
    wefti_sights_turn(&me->reads);
    uint32_t fresh = me->reads.count;
    s.everywhere = fresh == 0 || fresh > WEFTI_STEP_USES;
    for (uint32_t i = 0; i < fresh && !s.everywhere; i++) {
        wefti_step_use_word(&s, me->reads.list[i].address, false);
    }
    me->yields = true;
    me->turned = false;
    me->stores_at_turn = write_count;
    wefti_explorer_step(&s);
}

/* ------------------------------------------------------------------- sleep */

static int sleep_until(uintptr_t address, uint64_t deadline, const void *pc)
{
    thread *me = &threads[wefti_running.self];
    me->life = SLEEPING;
    me->woken = false;
    me->timed = deadline != UINT64_MAX;
    me->word = address;
    me->next = wefti_step_make(WEFTI_STEP_GIVE_UP, pc);
    wefti_step_use_queue(&me->next, address, true);
    wefti_step_use(&me->next, WEFTI_RESOURCE_CLOCK, true);
    take_turns();
    if (me->woken) {
        return 0;
    }
    account();
    me->life = RUNNABLE;
    clock_now = clock_now > deadline ? clock_now : deadline;
    return ETIMEDOUT;
}

int wefti_explorer_wait(uintptr_t address, uint32_t value, uint64_t deadline,
                        const void *pc)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_WAIT, pc);
    wefti_step_use_word(&s, address, false);
    wefti_step_use_queue(&s, address, false);
    if (wefti_explorer_has_whims()) {
        wefti_step_use(&s, WEFTI_RESOURCE_SPURIOUS, true);
    }
    wefti_explorer_step(&s);
    wefti_access word = {address, sizeof value, WEFTI_RELAXED, pc};
    if (wefti_order_load_newest(&word) != value) {
        return EAGAIN;
    }
    /* To wake up for no reason is not to fall asleep, as far as others can
     * tell: a wake-up that misses this thread would not have found it. */
    if (spurious_left > 0 && wefti_search_value(2) == 1) {
        spurious_left--;
        return 0;
    }
    return sleep_until(address, deadline, pc);
}

/* The one to be woken next, of all who sleep there: any of them. */
static int next_sleeper(uintptr_t address)
{
    uint32_t sleepers[WEFTI_MODEL_THREADS];
    uint32_t count = 0;
    for (uint32_t t = 0; t < thread_count; t++) {
        if (threads[t].life == SLEEPING && threads[t].word == address) {
            sleepers[count++] = t;
        }
    }
    return count > 0 ? (int)sleepers[wefti_search_value(count)] : NOBODY;
}

uint32_t wefti_explorer_wake(uintptr_t address, uint32_t count, const void *pc)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_WAKE, pc);
    wefti_step_use_queue(&s, address, true);
    wefti_explorer_step(&s);
    uint32_t woken = 0;
    while (woken < count) {
        int t = next_sleeper(address);
        if (t == NOBODY) {
            break;
        }
        if (threads[t].timed) { /* it could have given up instead */
            wefti_search_left((uint32_t)t, &threads[t].next);
        }
        threads[t].life = RUNNABLE;
        threads[t].woken = true;
        woken++;
        hurry((uint32_t)t);
    }
    wefti_log_show(woken, false);
    return woken;
}

uint64_t wefti_explorer_now(const void *pc)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_CLOCK, pc);
    wefti_step_use(&s, WEFTI_RESOURCE_CLOCK, false);
    wefti_explorer_step(&s);
    return clock_now;
}

void wefti_explorer_sleep(uint64_t until, const void *pc)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_SLEEP, pc);
    wefti_step_use(&s, WEFTI_RESOURCE_CLOCK, true);
    wefti_explorer_step(&s);
    clock_now = clock_now > until ? clock_now : until;
}

/* --------------------------------------------------------------- knowledge */

uint32_t wefti_explorer_thread_count(void)
{
    return thread_count;
}

wefti_knowledge *wefti_explorer_knowledge_of(uint32_t t)
{
    return &threads[t].knows;
}

void wefti_explorer_has_seen(uintptr_t address, uint32_t number, uint64_t value)
{
    wefti_sights_add(&threads[wefti_running.self].reads, address, number,
                     value);
}

uint32_t wefti_explorer_outworn(uintptr_t address)
{
    return wefti_sights_outworn(&threads[wefti_running.self].reads, address);
}

/* ------------------------------------------------------------- small things */

uint32_t weft_model_self(void)
{
    return wefti_running.self;
}

bool wefti_explorer_has_whims(void)
{
    return options->spurious > 0;
}

bool wefti_explorer_may_be_spurious(void)
{
    return spurious_left > 0;
}

void wefti_explorer_spend_spurious(void)
{
    spurious_left--;
}

bool wefti_explorer_assumes_no_fences(void)
{
    return !fences;
}

void wefti_explorer_meets_fence(void)
{
    if (!fences) {
        met_fence = true;
        leave_run();
    }
}

bool wefti_explorer_is_sequential(void)
{
    return options->sequential;
}

/* ---------------------------------------------------------------- the run */

static void restart(const weft_model_options *o)
{
    options = o;
    thread_count = 0;
    last = 0;
    hurried_by = NOBODY;
    forced = 0;
    step_count = write_count = 0;
    spurious_left = o->spurious;
    clock_now = SECOND;
    pruned = failed = met_fence = false;
    wefti_memory_restart();
    wefti_order_restart();
    wefti_log_restart();
    wefti_calls_restart();
}

static void check_leaks(void)
{
    size_t size;
    const void *pc;
    if (!options->leaks_allowed && wefti_memory_leak(&size, &pc)) {
        wefti_log_place(pc);
        failed = true;
        (void)snprintf(message, sizeof message,
                       "%zu bytes are allocated and never freed", size);
    }
}

void wefti_explorer_begin(void)
{
    fences = false;
}

wefti_outcome wefti_explorer_run(void (*body)(void *), void *arg,
                                 const weft_model_options *o)
{
    restart(o);
    (void)add_thread(&(wefti_start){.run = body, .arg = arg});
    run_as(0);
    in_run = true;
    wefti_fiber_switch(wefti_fiber_outside(), threads[0].fiber);
    in_run = false;
    wefti_explored = false;
    if (failed) {
        return WEFTI_FAILED;
    }
    if (met_fence) {
        fences = true;
        return WEFTI_MET_FENCE;
    }
    for (uint32_t t = 0; t < thread_count; t++) {
        if (threads[t].life == RUNNABLE || enabled(&threads[t])) {
            wefti_search_left(t, &threads[t].next);
        }
    }
    if (pruned) {
        return WEFTI_PRUNED;
    }
    check_leaks();
    return failed ? WEFTI_FAILED : WEFTI_RAN;
}

bool wefti_explorer_is_running(void)
{
    return in_run;
}

const char *wefti_explorer_message(void)
{
    return message;
}

uint32_t wefti_explorer_step_count(void)
{
    return step_count;
}
