/* The exploration: executions one after another until the search ends or one
 * fails. And the calls of the public header, which enter the explorer. */
#include <weft/model/model.h>

#include "model/calls.h"
#include "model/explorer.h"
#include "model/fiber.h"
#include "model/log.h"
#include "model/memory.h"
#include "model/real.h"
#include "model/search.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum {
    DEFAULT_STEPS = 1000,
    MOST_STEPS = 4095,
    DEFAULT_EXECUTIONS = 10000,
    DEFAULT_DEPTH = 3,
    SIGNAL_STACK = 64 * 1024,
};

static bool exploring;

/* ----------------------------------------------------------------- options */

static double seconds(void)
{
    struct timespec t;
    (void)__real_clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t fresh_seed(void)
{
    const char *text = getenv("WEFT_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 0;
    if (seed == 0) {
        struct timespec t;
        (void)__real_clock_gettime(CLOCK_REALTIME, &t);
        seed = (uint64_t)t.tv_sec * 1000003u ^ (uint64_t)t.tv_nsec;
    }
    return seed != 0 ? seed : 1;
}

/* WEFT_MODEL_REPLAY is "name:choices". */
static const char *replay_of(const char *name)
{
    const char *text = getenv("WEFT_MODEL_REPLAY");
    size_t length = strlen(name);
    bool mine =
        text != NULL && strncmp(text, name, length) == 0 && text[length] == ':';
    return mine ? text + length + 1 : NULL;
}

static weft_model_options with_defaults(const weft_model_options *given)
{
    weft_model_options o = {0};
    if (given != NULL) {
        o = *given;
    }
    bool random = o.search == WEFT_MODEL_RANDOM || o.search == WEFT_MODEL_PCT;
    o.name = o.name != NULL ? o.name : "model";
    o.steps = o.steps == 0           ? DEFAULT_STEPS
              : o.steps > MOST_STEPS ? MOST_STEPS
                                     : o.steps;
    if (o.executions == 0) {
        o.executions = random ? DEFAULT_EXECUTIONS : UINT64_MAX;
    }
    if (o.search == WEFT_MODEL_PCT && o.preemptions == 0) {
        o.preemptions = DEFAULT_DEPTH;
    }
    if (random && o.seed == 0) {
        o.seed = fresh_seed();
    }
    if (o.replay == NULL) {
        o.replay = replay_of(o.name);
    }
    return o;
}

/* ----------------------------------------------------------------- crashes */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };

static void on_crash(int number, siginfo_t *info, void *context)
{
    const ucontext_t *at = context;
    if (!wefti_explorer_is_running()) {
        (void)signal(number, SIG_DFL);
        return; /* and run into it again */
    }
    (void)wefti_explorer_enter();
    wefti_log_place((const void *)(at->uc_mcontext.gregs[REG_RIP] + 1));
    wefti_memory_check_stack((uintptr_t)info->si_addr);
    weft_model_fail("T%u crashes: %s at address %p", weft_model_self(),
                    strsignal(number), info->si_addr);
}

static bool catch_crashes(struct sigaction before[CRASHES], stack_t *stack)
{
    static void *memory;
    if (memory == NULL) {
        memory = mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (memory == MAP_FAILED) {
        memory = NULL;
        return false;
    }
    stack_t ours = {.ss_sp = memory, .ss_size = SIGNAL_STACK};
    (void)sigaltstack(&ours, stack);
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags =
                                   SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    for (int i = 0; i < CRASHES; i++) {
        (void)sigaction(crashes[i], &action, &before[i]);
    }
    return true;
}

static void release_crashes(const struct sigaction before[CRASHES],
                            const stack_t *stack)
{
    for (int i = 0; i < CRASHES; i++) {
        (void)sigaction(crashes[i], &before[i], NULL);
    }
    (void)sigaltstack(stack, NULL);
}

/* --------------------------------------------------------------- the search */

static void explore(void (*body)(void *), void *arg,
                    const weft_model_options *o, weft_model_result *r)
{
    wefti_outcome outcome = WEFTI_RAN;
    bool more = true;
    wefti_explorer_begin();
    wefti_search_begin(o);
    while (more && r->executions < o->executions) {
        wefti_search_restart(r->executions);
        outcome = wefti_explorer_run(body, arg, o);
        if (outcome == WEFTI_MET_FENCE) {
            wefti_search_begin(o);
            *r = (weft_model_result){.seed = r->seed};
            continue;
        }
        uint32_t steps = wefti_explorer_step_count();
        r->steps += steps;
        r->longest = steps > r->longest ? steps : r->longest;
        r->executions += outcome != WEFTI_PRUNED;
        r->pruned += outcome == WEFTI_PRUNED;
        if (outcome == WEFTI_FAILED) {
            r->failed = true;
            (void)snprintf(r->message, sizeof r->message, "%s",
                           wefti_explorer_message());
            (void)snprintf(r->replay, sizeof r->replay, "%s",
                           wefti_search_trail());
            return;
        }
        more = wefti_search_next();
    }
    r->complete = !more && o->replay == NULL;
}

weft_model_result weft_model_explore(void (*body)(void *), void *arg,
                                     const weft_model_options *options)
{
    if (exploring) {
        weft_model_fail("an exploration inside an exploration");
    }
    weft_model_options o = with_defaults(options);
    weft_model_result r = {.seed = o.seed};
    struct sigaction before[CRASHES];
    stack_t stack;
    if (!wefti_fiber_setup() || !wefti_memory_setup() ||
        !catch_crashes(before, &stack)) {
        r.failed = true;
        (void)snprintf(r.message, sizeof r.message,
                       "no memory or threads for the explorer");
        return r;
    }
    exploring = true;
    double start = seconds();
    explore(body, arg, &o, &r);
    r.seconds = seconds() - start;
    release_crashes(before, &stack);
    if (r.failed && !o.quiet) {
        wefti_log_report(&o, &r, wefti_explorer_thread_count());
    }
    wefti_memory_restart(); /* put back what the last execution wrote */
    exploring = false;
    return r;
}

/* ------------------------------------------------------------ public calls */

weft_model_thread weft_model_spawn(void (*run)(void *), void *arg)
{
    (void)wefti_explorer_enter();
    wefti_start start = {.run = run, .arg = arg};
    uint32_t t = wefti_explorer_spawn(&start, __builtin_return_address(0));
    wefti_explorer_leave();
    return (weft_model_thread){t};
}

void weft_model_join(weft_model_thread t)
{
    (void)wefti_explorer_enter();
    (void)wefti_explorer_join(t.number, __builtin_return_address(0));
    wefti_explorer_leave();
}

void weft_model_yield(void)
{
    if (wefti_explorer_enter()) {
        wefti_explorer_yield(__builtin_return_address(0));
        wefti_explorer_leave();
    }
}

uint32_t weft_model_choose(uint32_t n)
{
    (void)wefti_explorer_enter();
    if (n == 0 || n > 26) {
        weft_model_fail("weft_model_choose(%u): 1 to 26", n);
    }
    uint32_t value = wefti_search_value(n);
    wefti_explorer_leave();
    return value;
}

void weft_model_name(const void *memory, size_t size, const char *name)
{
    (void)wefti_explorer_enter();
    wefti_log_name((uintptr_t)memory, size, name);
    wefti_explorer_leave();
}
