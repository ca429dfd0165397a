#include "support/litmus.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = -1, NOTHING = -2 };
enum { THREADS = 4, OPS = 4, VARS = 3, EVENTS = 16, SETS = 4096, TEXT = 24 };

typedef struct op {
    char kind;
    unsigned var;
    unsigned value;
    unsigned expected;
    int order;
} op;

static struct {
    unsigned threads;
    unsigned count[THREADS];
    op ops[THREADS][OPS];
} p;

static int order_of(char letter)
{
    static const char letters[] = "r_alts"; /* by the compilers' numbers */
    return (int)(strchr(letters, letter) - letters);
}

static op parse_op(const char *text)
{
    op o = {.kind = text[0]};
    if (o.kind != 'F') {
        o.var = (unsigned)(*++text - 'x');
    }
    if (o.kind == 'C') {
        o.expected = (unsigned)(*++text - '0');
    }
    if (o.kind == 'C' || o.kind == 'W') {
        o.value = (unsigned)(*++text - '0');
    }
    o.order = order_of(text[1]);
    return o;
}

static void parse(const char *text)
{
    memset(&p, 0, sizeof p);
    p.threads = 1;
    for (; *text != '\0'; text += strcspn(text, " ")) {
        text += strspn(text, " ");
        if (*text == '|') {
            p.threads++;
        } else if (*text != '\0') {
            unsigned t = p.threads - 1;
            p.ops[t][p.count[t]++] = parse_op(text);
        }
    }
}

static bool reads(const op *o)
{
    return o->kind == 'R' || o->kind == 'U' || o->kind == 'C';
}

/* --------------------------------------------------------------- outcomes */

typedef struct outcomes {
    char set[SETS][TEXT];
    unsigned count;
} outcomes;

static outcomes explored, derived, modern;

__attribute__((no_sanitize("thread"))) static void
note(outcomes *to, unsigned seen[THREADS][OPS], const unsigned *last)
{
    char text[TEXT];
    unsigned length = 0;
    for (unsigned t = 0; t < p.threads; t++) {
        for (unsigned i = 0; i < p.count[t]; i++) {
            if (reads(&p.ops[t][i])) {
                text[length++] = (char)('0' + seen[t][i]);
            }
        }
    }
    text[length++] = '/';
    for (unsigned v = 0; v < VARS; v++) {
        text[length++] = (char)('0' + last[v]);
    }
    text[length] = '\0';
    unsigned at = 0;
    while (at < to->count && strcmp(to->set[at], text) != 0) {
        at++;
    }
    if (at == to->count && at < SETS) {
        strcpy(to->set[to->count++], text);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void sort(outcomes *o)
{
    qsort(o->set, o->count, TEXT, by_text);
}

static bool has(const outcomes *o, const char *text)
{
    return bsearch(text, o->set, o->count, TEXT, by_text) != NULL;
}

static bool includes(const outcomes *large, const outcomes *small)
{
    bool all = true;
    for (unsigned i = 0; i < small->count; i++) {
        all = all && has(large, small->set[i]);
    }
    return all;
}

/* --------------------------------------------------------------- explored */

static unsigned vars[VARS];
static unsigned seen[THREADS][OPS];

static int order_of_failure(int order)
{
    return order == __ATOMIC_RELEASE   ? __ATOMIC_RELAXED
           : order == __ATOMIC_ACQ_REL ? __ATOMIC_ACQUIRE
                                       : order;
}

static unsigned run_op(const op *o)
{
    unsigned *v = &vars[o->var];
    unsigned expected = o->expected;
    switch (o->kind) {
    case 'R':
        return __atomic_load_n(v, o->order);
    case 'W':
        __atomic_store_n(v, o->value, o->order);
        return 0;
    case 'U':
        return __atomic_fetch_add(v, 1, o->order);
    case 'C':
        (void)__atomic_compare_exchange_n(v, &expected, o->value, false,
                                          o->order, order_of_failure(o->order));
        return expected;
    default:
        __atomic_thread_fence(o->order);
        return 0;
    }
}

static void run_thread(void *number)
{
    unsigned me = *(unsigned *)number;
    for (unsigned i = 0; i < p.count[me]; i++) {
        seen[me][i] = run_op(&p.ops[me][i]);
    }
}

static void body(void *unused)
{
    (void)unused;
    static unsigned numbers[THREADS] = {0, 1, 2, 3};
    weft_model_thread threads[THREADS];
    for (unsigned t = 1; t < p.threads; t++) {
        threads[t] = weft_model_spawn(run_thread, &numbers[t]);
    }
    run_thread(&numbers[0]);
    for (unsigned t = 1; t < p.threads; t++) {
        weft_model_join(threads[t]);
    }
    unsigned last[VARS];
    for (unsigned v = 0; v < VARS; v++) {
        last[v] = __atomic_load_n(&vars[v], __ATOMIC_RELAXED);
    }
    note(&explored, seen, last);
}

/* ---------------------------------------------------------------- derived */

/* The second model. A run is an order of all operations in which each load
 * reads a store before it; that order is also the modification order of each
 * variable and the single order S of the seq_cst operations.
 *
 * Sets of events are bits. `before` of an event is what happens before it.
 * A load of a store u is wrong if it overlooks an event e that wrote or read a
 * newer store of the variable, where
 *   coherence   e happens before the load
 *   S           e, or a seq_cst fence that e happens before, precedes in S the
 *               load, or a seq_cst fence that happens before the load.
 * For S, C++20 counts every seq_cst e; C11, only stores. The explorer follows
 * C11 there. */
typedef uint32_t events;

typedef struct event {
    const op *op;
    events before;
    int from; /* the store that it reads, or FIRST or NOTHING */
    bool writes;
    unsigned value;
    events handed; /* what an acquire load of it learns */
} event;

typedef struct fate {
    events now;
    events released;
    events pending;
} fate;

typedef struct world {
    event list[EVENTS];
    unsigned count;
    unsigned next[THREADS];
    fate fates[THREADS];
    unsigned seen[THREADS][OPS];
    bool by_cxx20;
} world;

static bool is_seq_cst(const event *e)
{
    return e->op->order == __ATOMIC_SEQ_CST;
}

static bool acquires(int order)
{
    return order == __ATOMIC_ACQUIRE || order >= __ATOMIC_ACQ_REL;
}

/* The seq_cst fences among the events. */
static events fences(const world *w, events among)
{
    events set = 0;
    for (unsigned i = 0; i < w->count; i++) {
        bool is = w->list[i].op->kind == 'F' && is_seq_cst(&w->list[i]);
        set |= (events)is << i & among;
    }
    return set;
}

static bool precedes_in_s(const world *w, unsigned e, events bounds, bool sc)
{
    const event *v = &w->list[e];
    events others = 0; /* seq_cst operations that e comes before in S */
    for (unsigned i = e + 1; i < w->count; i++) {
        if ((w->list[i].before >> e & 1) != 0) {
            others |= 1u << i;
        }
    }
    others = fences(w, others);
    if (is_seq_cst(v) && (v->writes || w->by_cxx20)) {
        others |= 1u << e;
    }
    /* Any of them before the load, or before a fence in its past. */
    events latest = sc            ? ~0u
                    : bounds == 0 ? 0
                                  : (2u << (31 - __builtin_clz(bounds))) - 1;
    return (others & latest) != 0;
}

/* Whether a load by a thread with this past may read `store` of the variable.
 */
static bool may_read(const world *w, events past, unsigned var, int store,
                     bool sc)
{
    events bounds = fences(w, past);
    for (unsigned i = 0; i < w->count; i++) {
        const event *e = &w->list[i];
        bool newer = e->op->kind != 'F' && e->op->var == var &&
                     ((e->writes && (int)i > store) || e->from > store);
        if (newer &&
            ((past >> i & 1) != 0 || precedes_in_s(w, i, bounds, sc))) {
            return false;
        }
    }
    return true;
}

static int newest_store(const world *w, unsigned var)
{
    int i = (int)w->count - 1;
    while (i >= 0 && !(w->list[i].writes && w->list[i].op->var == var)) {
        i--;
    }
    return i;
}

static void go_on(const world *w);

static void fence(world *w, fate *f, const op *o)
{
    if (acquires(o->order)) {
        f->now |= f->pending;
    }
    w->list[w->count] = (event){.op = o, .before = f->now, .from = NOTHING};
    f->now |= 1u << w->count++;
    if (o->order != __ATOMIC_ACQUIRE) {
        f->released = f->now;
    }
}

/* The thread's next operation reads `from` and, unless it is a load or fails,
 * stores. */
static void make(const world *before, unsigned t, int from)
{
    world w = *before;
    unsigned i = w.next[t]++;
    const op *o = &p.ops[t][i];
    fate *f = &w.fates[t];
    event *e = &w.list[w.count];
    if (o->kind == 'F') {
        fence(&w, f, o);
        go_on(&w);
        return;
    }
    unsigned old = from >= 0 ? w.list[from].value : 0;
    events handed = from >= 0 ? w.list[from].handed : 0;
    bool fails = o->kind == 'C' && old != o->expected;
    int order = fails ? order_of_failure(o->order) : o->order;
    events *learns = acquires(order) ? &f->now : &f->pending;
    *learns |= reads(o) ? handed : 0;
    *e = (event){.op = o, .before = f->now, .from = reads(o) ? from : NOTHING};
    f->now |= 1u << w.count;
    e->writes = o->kind != 'R' && !fails;
    e->value = o->kind == 'U' ? old + 1 : o->value;
    e->handed = (o->order >= __ATOMIC_RELEASE ? f->now : f->released) |
                (reads(o) ? handed : 0);
    w.seen[t][i] = old;
    w.count++;
    go_on(&w);
}

static void try_all(const world *w, unsigned t)
{
    const op *o = &p.ops[t][w->next[t]];
    int newest = o->kind == 'F' ? FIRST : newest_store(w, o->var);
    if (!reads(o)) {
        make(w, t, NOTHING);
        return;
    }
    for (int from = newest; from >= FIRST; from--) {
        if (from >= 0 &&
            (!w->list[from].writes || w->list[from].op->var != o->var)) {
            continue;
        }
        unsigned value = from >= 0 ? w->list[from].value : 0;
        bool stores =
            o->kind == 'U' || (o->kind == 'C' && value == o->expected);
        bool sc = o->order == __ATOMIC_SEQ_CST;
        bool can = stores ? from == newest
                          : may_read(w, w->fates[t].now, o->var, from, sc);
        if (can) {
            make(w, t, from);
        }
    }
}

static void go_on(const world *w)
{
    bool ended = true;
    for (unsigned t = 0; t < p.threads; t++) {
        if (w->next[t] < p.count[t]) {
            ended = false;
            try_all(w, t);
        }
    }
    if (ended) {
        unsigned last[VARS];
        for (unsigned v = 0; v < VARS; v++) {
            int store = newest_store(w, v);
            last[v] = store >= 0 ? w->list[store].value : 0;
        }
        world copy = *w;
        note(w->by_cxx20 ? &modern : &derived, copy.seen, last);
    }
}

static void derive(outcomes *to, bool by_cxx20)
{
    to->count = 0;
    world w = {.by_cxx20 = by_cxx20};
    go_on(&w);
    sort(to);
}

/* ------------------------------------------------------------- comparison */

static void explore(void)
{
    explored.count = 0;
    weft_model_result r =
        weft_model_explore(body, NULL, &(weft_model_options){.name = "axioms"});
    cr_assert(!r.failed && r.complete, "%s", r.message);
    sort(&explored);
}

static void print(const char *name, const outcomes *o)
{
    printf("  %s:", name);
    for (unsigned i = 0; i < o->count; i++) {
        printf(" %s", o->set[i]);
    }
    printf("\n");
}

bool litmus_agrees(const char *program)
{
    parse(program);
    explore();
    derive(&derived, false);
    derive(&modern, true);
    bool same = explored.count == derived.count &&
                includes(&explored, &derived) && includes(&derived, &modern);
    if (!same) {
        printf("%s\n", program);
        print("explored", &explored);
        print("derived ", &derived);
    }
    return same;
}

bool litmus_shows(const char *outcome)
{
    size_t length = strlen(outcome);
    bool any = false;
    for (unsigned i = 0; i < explored.count; i++) {
        any = any || strncmp(explored.set[i], outcome, length) == 0;
    }
    return any;
}

bool litmus_is_stricter_in_cxx20(void)
{
    return modern.count < derived.count;
}
