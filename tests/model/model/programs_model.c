/* The search against the plainest search there is: thousands of small random
 * programs, each explored with reduction and once more by running every
 * schedule with every value that its loads may see. Both must find the same
 * outcomes, or both a failure.
 *
 * WEFT_SEED picks other programs, WEFT_FUZZ_PROGRAMS=N more of them. */
#include "model/order.h"
#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, OPS = 4, VARS = 3, OUTCOMES = 1 << 12 };

typedef enum kind {
    LOAD,
    STORE,
    ADD,
    SWAP,
    CAS,
    CAS_WEAK,
    FENCE,
    PLAIN_READ,
    PLAIN_WRITE,
    WAIT_FOR_A_TIME,
    WAIT,
    WAKE,
    WAKE_ALL,
    LOCK,
    TRY_LOCK,
    SPIN,
    TURNS, /* a spin loop that gives up */
    PUT,
    TAKE,
    CHOOSE,
    CLOCK,
    ONCE,
    SPINLOCK, /* taken by exchange */
} kind;

typedef struct op {
    kind kind;
    unsigned var;
    unsigned value;
    unsigned expected;
    int order;
} op;

typedef struct program {
    unsigned threads;
    unsigned count[THREADS];
    op ops[THREADS][OPS];
    unsigned parent[THREADS]; /* who starts it */
    unsigned before[THREADS]; /* before which of its parent's operations */
    bool sequential;
    unsigned spurious;
} program;

static program p;

/* ---------------------------------------------------------------- running */

static unsigned vars[VARS];
static unsigned plain[VARS];
static unsigned guarded[VARS];
static pthread_mutex_t locks[VARS];
static pthread_once_t once[VARS];
static unsigned *boxes[VARS];
static unsigned results[THREADS][OPS];

static long futex(unsigned *word, int operation, unsigned value, bool limited)
{
    struct timespec deadline = {5, 0};
    long done = syscall(SYS_futex, word, operation, value,
                        limited ? &deadline : NULL, NULL, -1);
    return done < 0 ? 10 + errno : done;
}

static unsigned swap_if(const op *o, bool weak)
{
    static const int on_failure[] = {
        [__ATOMIC_RELAXED] = __ATOMIC_RELAXED,
        [__ATOMIC_ACQUIRE] = __ATOMIC_ACQUIRE,
        [__ATOMIC_RELEASE] = __ATOMIC_RELAXED,
        [__ATOMIC_ACQ_REL] = __ATOMIC_ACQUIRE,
        [__ATOMIC_SEQ_CST] = __ATOMIC_SEQ_CST,
    };
    unsigned seen = o->expected;
    bool done =
        weak ? __atomic_compare_exchange_n(&vars[o->var], &seen, 3, true,
                                           o->order, on_failure[o->order])
             : __atomic_compare_exchange_n(&vars[o->var], &seen, 3, false,
                                           o->order, on_failure[o->order]);
    return seen * 2 + done;
}

static unsigned under_lock(const op *o)
{
    unsigned seen = guarded[o->var]++;
    seen = seen * 4 + __atomic_load_n(&vars[o->var], __ATOMIC_RELAXED);
    pthread_mutex_unlock(&locks[o->var]);
    return 1 + seen;
}

static unsigned spin(const op *o, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        unsigned seen = __atomic_load_n(&vars[o->var], o->order);
        if (seen != 0) {
            return seen;
        }
        weft_model_yield();
    }
    return 0;
}

static unsigned under_spinlock(const op *o)
{
    static unsigned taken[VARS];
    unsigned *lock = &taken[o->var];
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) == 1) {
        weft_model_yield();
    }
    unsigned seen = guarded[o->var]++;
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return seen;
}

/* The box belongs to whoever takes it out. */
static unsigned take(unsigned *box)
{
    unsigned seen = 0;
    if (box != NULL) {
        seen = *box;
        free(box);
    }
    return seen;
}

static unsigned put(const op *o)
{
    unsigned *box = malloc(sizeof *box);
    weft_model_assert(box != NULL);
    *box = o->value;
    return take(__atomic_exchange_n(&boxes[o->var], box, o->order));
}

static void run_once(void)
{
    (void)__atomic_add_fetch(&vars[0], 1, __ATOMIC_RELAXED);
}

static unsigned now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned)t.tv_sec;
}

static unsigned run_waiting(const op *o)
{
    unsigned *var = &vars[o->var];
    switch (o->kind) {
    case WAIT_FOR_A_TIME:
        return (unsigned)futex(var, FUTEX_WAIT_BITSET, o->expected, true);
    case WAIT:
        return (unsigned)futex(var, FUTEX_WAIT, o->expected, false);
    case WAKE:
        return (unsigned)futex(var, FUTEX_WAKE, 1, false);
    case WAKE_ALL:
        return (unsigned)futex(var, FUTEX_WAKE, 100, false);
    case LOCK:
        pthread_mutex_lock(&locks[o->var]);
        return under_lock(o);
    case TRY_LOCK:
        return pthread_mutex_trylock(&locks[o->var]) == 0 ? under_lock(o) : 0;
    case SPIN:
        return spin(o, 1000);
    case TURNS:
        return spin(o, 2);
    case PUT:
        return put(o);
    case TAKE:
        return take(__atomic_exchange_n(&boxes[o->var], NULL, o->order));
    case CHOOSE:
        return weft_model_choose(o->value);
    case CLOCK:
        return now();
    case SPINLOCK:
        return under_spinlock(o);
    default:
        pthread_once(&once[o->var], run_once);
        return 0;
    }
}

static unsigned run_op(const op *o)
{
    unsigned *var = &vars[o->var];
    switch (o->kind) {
    case LOAD:
        return __atomic_load_n(var, o->order);
    case STORE:
        __atomic_store_n(var, o->value, o->order);
        return 0;
    case ADD:
        return __atomic_fetch_add(var, 1, o->order);
    case SWAP:
        return __atomic_exchange_n(var, o->value, o->order);
    case CAS:
        return swap_if(o, false);
    case CAS_WEAK:
        return swap_if(o, true);
    case FENCE:
        __atomic_thread_fence(o->order);
        return 0;
    case PLAIN_READ:
        return plain[o->var];
    case PLAIN_WRITE:
        plain[o->var] = o->value;
        return 0;
    default:
        return run_waiting(o);
    }
}

static void run_thread(void *which)
{
    unsigned me = *(unsigned *)which;
    static unsigned numbers[THREADS] = {0, 1, 2, 3};
    weft_model_thread children[THREADS];
    for (unsigned i = 0; i <= p.count[me]; i++) {
        for (unsigned t = me + 1; t < p.threads; t++) {
            if (p.parent[t] == me && p.before[t] == i) {
                children[t] = weft_model_spawn(run_thread, &numbers[t]);
            }
        }
        if (i < p.count[me]) {
            results[me][i] = run_op(&p.ops[me][i]);
        }
    }
    for (unsigned t = me + 1; t < p.threads; t++) {
        if (p.parent[t] == me) {
            weft_model_join(children[t]);
        }
    }
}

/* --------------------------------------------------------------- outcomes */

typedef struct outcomes {
    uint64_t set[OUTCOMES];
    unsigned count;
} outcomes;

static outcomes found[2];
static outcomes *finds;

__attribute__((no_sanitize("thread"))) static void note(uint64_t outcome)
{
    size_t at = outcome % OUTCOMES;
    while (finds->set[at] != 0 && finds->set[at] != outcome) {
        at = (at + 1) % OUTCOMES;
    }
    if (finds->set[at] == 0 && finds->count < OUTCOMES / 2) {
        finds->set[at] = outcome;
        finds->count++;
    }
}

static uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * 0xBF58476D1CE4E5B9ull;
    return h ^ h >> 31;
}

static void body(void *unused)
{
    (void)unused;
    unsigned first = 0;
    run_thread(&first);
    uint64_t h = 1;
    for (unsigned t = 0; t < p.threads; t++) {
        for (unsigned i = 0; i < p.count[t]; i++) {
            h = mix(h, results[t][i]);
        }
    }
    for (unsigned v = 0; v < VARS; v++) {
        h = mix(h, __atomic_load_n(&vars[v], __ATOMIC_RELAXED));
        h = mix(h, plain[v]);
        h = mix(h, take(boxes[v]));
    }
    note(h != 0 ? h : 1);
}

static bool same_outcomes(void)
{
    bool same = found[0].count == found[1].count;
    for (unsigned i = 0; same && i < OUTCOMES; i++) {
        uint64_t h = found[0].set[i];
        size_t at = h % OUTCOMES;
        while (h != 0 && found[1].set[at] != 0 && found[1].set[at] != h) {
            at = (at + 1) % OUTCOMES;
        }
        same = h == 0 || found[1].set[at] == h;
    }
    return same;
}

/* --------------------------------------------------------------- programs */

static uint64_t state;

static unsigned below(unsigned n)
{
    state += 0x9E3779B97F4A7C15ull;
    return (unsigned)(mix(mix(7, state), state >> 7) % n);
}

static int one_of(const char *orders)
{
    static const char letters[] = "r_alts"; /* by the compilers' numbers */
    char c = orders[below((unsigned)strlen(orders))];
    return (int)(strchr(letters, c) - letters);
}

/* What a family of programs is made of. */
static const char *const families[] = {
    "aaaabbbbcd",  /* loads and stores */
    "aabbcdefggg", /* all atomics and fences */
    "abcdefghi",   /* with plain data, which may race */
    "aabbejjmml",  /* futexes, with a deadline */
    "abbjkklmm",   /* and without */
    "aabbnnno",    /* locks */
    "abwwww",      /* made by hand */
    "aabbppqqq",   /* spin loops */
    "abbppqqjkm",  /* beside sleepers */
    "aabrrrss",    /* blocks of the heap */
    "abcdefgjlmnoqrstuvw",
};
enum { FAMILIES = sizeof families / sizeof families[0] };

static op random_op(const char *family, unsigned variables)
{
    op o = {.kind = (kind)(family[below((unsigned)strlen(family))] - 'a')};
    o.var = below(variables);
    o.value = 1 + below(2);
    o.expected = below(2);
    switch (o.kind) {
    case LOAD:
    case SPIN:
    case TURNS:
        o.order = one_of("ras");
        break;
    case STORE:
        o.order = one_of("rls");
        break;
    case FENCE:
        o.order = one_of("altss");
        break;
    case PUT:
        o.order = one_of("ttttttl");
        break;
    case TAKE:
        o.order = one_of("aaaaar");
        break;
    default:
        o.order = one_of("ralts");
        break;
    }
    return o;
}

static void make_program(uint64_t number)
{
    state = number * 0xD1B54A32D192ED03ull;
    memset(&p, 0, sizeof p);
    p.threads = 2 + below(3) / 2 + below(12) / 11;
    p.sequential = below(8) == 0;
    p.spurious = below(4) == 0 ? 1 : 0;
    const char *family = families[below(FAMILIES)];
    unsigned variables = 1 + below(VARS);
    for (unsigned t = 0; t < p.threads; t++) {
        p.count[t] = p.threads == 2 ? 1 + below(OPS) : 1 + below(2);
        p.parent[t] = t > 1 && below(4) == 0 ? t - 1 : 0;
        p.before[t] = below(3) == 0 ? below(p.count[p.parent[t]] + 1) : 0;
        for (unsigned i = 0; i < p.count[t]; i++) {
            p.ops[t][i] = random_op(family, variables);
        }
    }
}

static void print_program(void)
{
    static const char *const names[] = {
        "load",     "store",  "add",      "swap",       "cas",      "cas_weak",
        "fence",    "read",   "write",    "wait_until", "wait",     "wake",
        "wake_all", "lock",   "try_lock", "spin",       "turns",    "put",
        "take",     "choose", "clock",    "once",       "spinlock",
    };
    printf("  sequential %d, spurious %u\n", p.sequential, p.spurious);
    for (unsigned t = 0; t < p.threads; t++) {
        printf("  T%u (by T%u before %u):", t, p.parent[t], p.before[t]);
        for (unsigned i = 0; i < p.count[t]; i++) {
            const op *o = &p.ops[t][i];
            printf(" %s(%u, v%u e%u o%d)", names[o->kind], o->var, o->value,
                   o->expected, o->order);
        }
        printf("\n");
    }
}

/* ------------------------------------------------------------- comparison */

typedef struct totals {
    unsigned compared;
    unsigned skipped; /* too large for the plain search */
    unsigned failing;
    unsigned mismatches;
    uint64_t reduced;
    uint64_t pruned;
    uint64_t plain;
} totals;

static weft_model_result explore(unsigned which, weft_model_options o)
{
    finds = &found[which];
    memset(finds, 0, sizeof *finds);
    o.quiet = true;
    o.sequential = p.sequential;
    o.spurious = p.spurious;
    return weft_model_explore(body, NULL, &o);
}

static void compare(uint64_t number, uint64_t largest, totals *sum)
{
    weft_model_options plainly = {.search = WEFT_MODEL_BOUNDED,
                                  .preemptions = 1000,
                                  .executions = largest};
    wefti_order_tries_all = true;
    weft_model_result all = explore(0, plainly);
    wefti_order_tries_all = false;
    if (!all.complete && !all.failed) {
        sum->skipped++;
        return;
    }
    weft_model_result few =
        explore(1, (weft_model_options){.executions = 10 * largest});
    sum->compared++;
    sum->failing += all.failed ? 1 : 0;
    sum->reduced += few.executions;
    sum->pruned += few.pruned;
    sum->plain += all.executions;
    bool same = all.failed == few.failed &&
                (all.failed || (few.complete && same_outcomes()));
    if (!same && sum->mismatches++ < 5) {
        printf("program %llu: plain search: %u outcomes in %llu executions %s\n"
               "  with reduction: %u outcomes in %llu executions %s\n",
               (unsigned long long)number, found[0].count,
               (unsigned long long)all.executions, all.message, found[1].count,
               (unsigned long long)few.executions, few.message);
        print_program();
    }
}

static unsigned wanted_programs(unsigned otherwise)
{
    const char *text = getenv("WEFT_FUZZ_PROGRAMS");
    return text != NULL ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

enum { PARTS = 4, PROGRAMS = 6000, LARGEST = 1500 };

/* In parts, so that each is a short test. */
static void compare_part(unsigned part)
{
    const char *seed = getenv("WEFT_SEED");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 0) << 32 : 0;
    unsigned count = wanted_programs(PROGRAMS) / PARTS;
    totals sum = {0};
    for (unsigned i = 0; i < count; i++) {
        uint64_t number = first + (uint64_t)i * PARTS + part;
        make_program(number);
        compare(number, LARGEST, &sum);
    }
    printf("%u programs compared (%u fail, %u too large), %u mismatches; "
           "%llu executions (and %llu pruned) instead of %llu\n",
           sum.compared, sum.failing, sum.skipped, sum.mismatches,
           (unsigned long long)sum.reduced, (unsigned long long)sum.pruned,
           (unsigned long long)sum.plain);
    cr_assert_eq(sum.mismatches, 0);
    cr_assert(sum.compared >= count * 5 / 6,
              "only %u of %u programs were small enough", sum.compared, count);
    cr_assert(sum.failing >= count / 50 && sum.failing <= count / 2);
}

Test(programs, are_searched_in_full_1)
{
    compare_part(0);
}

Test(programs, are_searched_in_full_2)
{
    compare_part(1);
}

Test(programs, are_searched_in_full_3)
{
    compare_part(2);
}

Test(programs, are_searched_in_full_4)
{
    compare_part(3);
}

/* Programs that found a mistake once, and that chance seldom draws. */
#define RELAXED(what, to)             \
    {                                 \
        .kind = (what), .value = (to) \
    }

static const program known[] = {
    /* A turn of a loop comes after the first change only. */
    {.threads = 2,
     .count = {4, 4},
     .ops = {{RELAXED(LOAD, 0), RELAXED(TURNS, 0), RELAXED(STORE, 1),
              RELAXED(STORE, 2)},
             {RELAXED(LOAD, 0), RELAXED(SPIN, 0), RELAXED(TURNS, 0),
              RELAXED(LOAD, 0)}}},
    /* What a loop has read may change in two places, in either order. */
    {.threads = 3,
     .count = {2, 1, 1},
     .ops = {{{.kind = PUT, .value = 1, .order = __ATOMIC_ACQ_REL},
              RELAXED(TURNS, 0)},
             {RELAXED(STORE, 2)},
             {{.kind = TAKE, .order = __ATOMIC_ACQUIRE}}},
     .parent = {0, 0, 1}},
    /* A sleeper can give up before it is woken. */
    {.threads = 2,
     .count = {3, 3},
     .ops = {{RELAXED(WAIT_FOR_A_TIME, 0), RELAXED(STORE, 1),
              RELAXED(WAKE_ALL, 0)},
             {RELAXED(CLOCK, 0), RELAXED(STORE, 2), RELAXED(WAKE, 0)}},
     .sequential = true},
    /* Of two loops that give up, each may do it first. */
    {.threads = 2,
     .count = {2, 4},
     .ops = {{RELAXED(TURNS, 0), RELAXED(STORE, 2)},
             {RELAXED(TURNS, 0), RELAXED(LOAD, 0), RELAXED(TURNS, 0),
              RELAXED(TURNS, 0)}}},
    /* A lost wake-up is one although a spurious one could come. */
    {.threads = 2,
     .count = {1, 1},
     .ops = {{RELAXED(STORE, 1)}, {RELAXED(WAIT, 0)}},
     .spurious = 1},
};

Test(programs, that_found_mistakes_find_none)
{
    totals sum = {0};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        p = known[i];
        compare(i, 100000, &sum);
    }
    printf("%u programs, %u mismatches\n", sum.compared, sum.mismatches);
    cr_assert_eq(sum.compared, sizeof known / sizeof known[0]);
    cr_assert_eq(sum.mismatches, 0);
    cr_assert_eq(sum.failing, 1);
}
