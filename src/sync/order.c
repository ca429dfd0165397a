/* The graph of lock orders, and the search for circles in it.
 *
 * Source: the lock graph and gate locks are K. Havelund's, "Using Runtime
 * Analysis to Guide Model Checking of Java Programs" (2000); the word is
 * Linux's lockdep. Here nodes are single locks, not classes of locks.
 *
 * All memory is static and so bounded. When nodes run out the oldest number is
 * given to another lock; a lock whose number was taken away gets a new one,
 * without arrows: what is forgotten can be missed, never invented. */
#include "sync/order.h"

#if WEFT_CHECKED

#include "base/checked.h"

#include <weft/base/panic.h>
#include <weft/sync/atomic.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    STATE_BITS = 4, /* of a lock's word, below its number */
    INDEX_BITS = 12,
    NODES = 1 << INDEX_BITS,
    GENERATIONS = 1 << (32 - STATE_BITS - INDEX_BITS),
    ARROWS = 1 << 14,
    GATES = 3,
    KNOWN = 1 << 10,
    CIRCLE = 8, /* steps that a report shows */
    NAME_SIZE = 64,
    TOMBSTONE_INDEX = (WEFTI_TOMBSTONE32 >> STATE_BITS) & (NODES - 1),
};

/* A number: the index of a node and its generation; 0 is none. */
typedef struct node {
    weft_atomic_u32 generation; /* written under `mutex` */
    uint32_t arrows;            /* index of the first, 0: none */
    uint32_t visited;           /* the search that was here last */
    uint32_t via;               /* the arrow by which it came */
    uint32_t from;              /* the node that it came from */
    const char *name;
    WEFT_ATOMIC(const void *) word; /* whose number it is; written likewise */
} node;

typedef struct arrow {
    uint32_t to;   /* a number: out of date if the node is another's now */
    uint32_t next; /* in its list, or of the free ones */
    uint32_t gates[GATES]; /* numbers of locks held each time; 0: none */
    const void *held_at;   /* where the first of the two locks was taken */
    const void *stack[WEFTI_STACK];
    uint32_t stack_size;
    char thread[16];
} arrow;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static node nodes[NODES];    /* guarded by mutex; [0] is never used */
static arrow arrows[ARROWS]; /* guarded by mutex; [0] is never used */
static uint32_t next_node, free_arrow, used_arrows, search;
static bool told_full;

/* Arrows without gates that are in the graph: both numbers in one word. Spares
 * most calls the mutex. */
static weft_atomic_u64 known[KNOWN];

static void before_fork(void)
{
    (void)pthread_mutex_lock(&mutex);
}

static void after_fork(void)
{
    (void)pthread_mutex_unlock(&mutex);
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork, after_fork);
}

static uint32_t index_of(uint32_t number)
{
    return number & (NODES - 1);
}

static bool is_current(uint32_t number)
{
    /* relaxed: a number that dies meanwhile is as good as one alive. */
    return number != 0 &&
           wefti_load_relaxed(&nodes[index_of(number)].generation) ==
               number >> INDEX_BITS;
}

/* 0 if the lock has none that is current and its own: it may be a copy. */
static uint32_t number_of(const weft_atomic_u32 *word)
{
    /* relaxed: the number is the same for whoever reads it. */
    uint32_t number = wefti_load_relaxed(word) >> STATE_BITS;
    const node *n = &nodes[index_of(number)];
    return is_current(number) && wefti_load_relaxed(&n->word) == word ? number
                                                                      : 0;
}

static void free_arrows(node *n)
{
    while (n->arrows != 0) {
        uint32_t at = n->arrows;
        n->arrows = arrows[at].next;
        arrows[at].next = free_arrow;
        free_arrow = at;
    }
}

/* Make a number for the lock and write it into the lock's word. */
static uint32_t make_number(const wefti_order_lock *lock)
{
    do {
        next_node = (next_node + 1) % NODES;
    } while (next_node == 0 || next_node == TOMBSTONE_INDEX);
    node *n = &nodes[next_node];
    free_arrows(n);
    /* relaxed, all: written under the mutex; read by any as a hint. */
    uint32_t generation =
        (wefti_load_relaxed(&n->generation) + 1) % GENERATIONS;
    generation += generation == 0 ? 1 : 0;
    wefti_store_relaxed(&n->generation, generation);
    n->name = lock->name;
    wefti_store_relaxed(&n->word, (const void *)lock->word);
    uint32_t number = generation << INDEX_BITS | next_node;
    uint32_t seen = wefti_load_relaxed(lock->word);
    uint32_t state;
    do {
        state = seen & ((1u << STATE_BITS) - 1);
    } while (
        !wefti_cas_relaxed(lock->word, &seen, number << STATE_BITS | state));
    return number;
}

static uint32_t give_number(const wefti_order_lock *lock)
{
    uint32_t number = number_of(lock->word);
    return number != 0 ? number : make_number(lock);
}

/* ------------------------------------------------------------------- arrows
 */

/* The arrow between the two, or NULL; takes out those that lead nowhere. */
static arrow *find_arrow(node *from, uint32_t to)
{
    uint32_t *link = &from->arrows;
    while (*link != 0) {
        arrow *a = &arrows[*link];
        if (a->to == to) {
            return a;
        }
        if (is_current(a->to)) {
            link = &a->next;
            continue;
        }
        uint32_t at = *link;
        *link = a->next;
        a->next = free_arrow;
        free_arrow = at;
    }
    return NULL;
}

static uint32_t take_arrow(void)
{
    uint32_t at = free_arrow;
    if (at != 0) {
        free_arrow = arrows[at].next;
    } else if (used_arrows + 1 < ARROWS) {
        at = ++used_arrows;
    } else if (!told_full) {
        told_full = true;
        wefti_tell("weft: more than %d lock orders: new ones are not checked "
                   "from here on\n",
                   ARROWS - 1);
    }
    return at;
}

/* The gates of an order: what else is held, every time, since before. */
static void write_gates(arrow *a, const uint32_t *numbers, uint32_t from)
{
    for (uint32_t i = 0; i < GATES; i++) {
        a->gates[i] = i < from ? numbers[i] : 0;
    }
}

static bool among(uint32_t number, const uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (numbers[i] == number) {
            return true;
        }
    }
    return false;
}

static bool has_gates(const arrow *a)
{
    bool any = false;
    for (uint32_t i = 0; i < GATES; i++) {
        any = any || a->gates[i] != 0;
    }
    return any;
}

/* Keep the gates that were held this time too. true: there was a change. */
static bool narrow_gates(arrow *a, const uint32_t *numbers, uint32_t from)
{
    bool changed = false;
    for (uint32_t i = 0; i < GATES; i++) {
        if (a->gates[i] != 0 && !among(a->gates[i], numbers, from)) {
            a->gates[i] = 0;
            changed = true;
        }
    }
    return changed;
}

static void describe(arrow *a, const wefti_order_lock *held,
                     const wefti_order_lock *next)
{
    a->held_at = held->place;
    a->stack_size = (uint32_t)wefti_place_stack(next->place, a->stack);
    (void)pthread_getname_np(pthread_self(), a->thread, sizeof a->thread);
}

/* ----------------------------------------------------------------- circles
 */

/* A circle, copied out of the graph backwards: step 0 leads from lock 0 to the
 * `next` one, and each other step i from lock i to lock i - 1. */
typedef struct circle {
    uint32_t size;
    uint32_t shown;
    arrow steps[CIRCLE];
    char names[CIRCLE][NAME_SIZE];
    char next[NAME_SIZE];
} circle;

static void name_lock(char *text, const node *n)
{
    /* relaxed: under the mutex. */
    (void)snprintf(text, NAME_SIZE, "%.40s %p", n->name,
                   wefti_load_relaxed(&n->word));
}

/* Whether one lock was held around every step (of those copied): then no two
 * threads are in the circle at a time. */
static bool is_gated(const circle *c)
{
    for (uint32_t i = 0; i < GATES; i++) {
        uint32_t gate = c->steps[0].gates[i];
        bool everywhere = gate != 0;
        for (uint32_t k = 1; k < c->shown && everywhere; k++) {
            everywhere = among(gate, c->steps[k].gates, GATES);
        }
        if (everywhere) {
            return true;
        }
    }
    return false;
}

/* Breadth first from `from`, so that the circle is a shortest one. */
static bool reaches(uint32_t from, uint32_t to)
{
    static uint32_t queue[NODES]; /* guarded by mutex */
    uint32_t head = 0, tail = 0;
    search++;
    nodes[from].visited = search;
    queue[tail++] = from;
    while (head < tail) {
        uint32_t at = queue[head++];
        for (uint32_t i = nodes[at].arrows; i != 0; i = arrows[i].next) {
            uint32_t next = index_of(arrows[i].to);
            if (!is_current(arrows[i].to) || nodes[next].visited == search) {
                continue;
            }
            nodes[next].visited = search;
            nodes[next].via = i;
            nodes[next].from = at;
            if (next == to) {
                return true;
            }
            queue[tail++] = next;
        }
    }
    return false;
}

/* The new arrow leads from `from` to `to`, and a way leads back. */
static void copy_circle(circle *c, const arrow *closing, uint32_t from,
                        uint32_t to)
{
    c->size = c->shown = 1;
    c->steps[0] = *closing;
    name_lock(c->names[0], &nodes[from]);
    name_lock(c->next, &nodes[to]);
    for (uint32_t at = from; at != to; at = nodes[at].from) {
        if (c->shown < CIRCLE) {
            c->steps[c->shown] = arrows[nodes[at].via];
            name_lock(c->names[c->shown++], &nodes[nodes[at].from]);
        }
        c->size++;
    }
}

/* Whether the arrow, which leads away from `from`, closes a circle that is not
 * gated; then it is in *c. */
static bool closes_circle(const arrow *a, uint32_t from, circle *c)
{
    uint32_t to = index_of(a->to);
    if (!reaches(to, from)) {
        return false;
    }
    copy_circle(c, a, from, to);
    return !is_gated(c);
}

static void report_step(const circle *c, uint32_t i)
{
    const arrow *a = &c->steps[i];
    wefti_tell("  thread '%s' held %s, taken at %s, and %s %s at\n", a->thread,
               c->names[i], wefti_place_of(a->held_at).where,
               i == 0 ? "now takes" : "took",
               i == 0 ? c->next : c->names[i - 1]);
    bool in_main = false;
    for (uint32_t k = 0; k < a->stack_size && !in_main; k++) {
        wefti_place_words words = wefti_place_of(a->stack[k]);
        wefti_tell("      %s  %s\n", words.where, words.function);
        in_main = strcmp(words.function, "main") == 0;
    }
}

static WEFT_NORETURN void panic_over(const circle *c)
{
    wefti_tell("weft: locks are taken in orders that contradict each other:\n");
    for (uint32_t i = 0; i < c->shown; i++) {
        report_step(c, i);
    }
    const arrow *now = &c->steps[0];
    const arrow *then = &c->steps[1];
    char more[40] = "";
    if (c->size > 2) {
        (void)snprintf(more, sizeof more, ", in a circle of %u locks", c->size);
    }
    weft_panic("lock order: %s is taken at %s while %s is held (since %s), and "
               "the other way round at %s (since %s)%s; two threads can wait "
               "for each other for ever",
               c->next, wefti_place_of(now->stack[0]).where, c->names[0],
               wefti_place_of(now->held_at).where,
               wefti_place_of(then->stack[0]).where,
               wefti_place_of(then->held_at).where, more);
}

/* ------------------------------------------------------------------ the check
 */

static weft_atomic_u64 *known_place(uint64_t pair)
{
    return &known[(pair * 0x9e3779b97f4a7c15u) >> 54];
}

static uint64_t pair_of(uint32_t from, uint32_t to)
{
    return (uint64_t)from << 32 | to;
}

static bool is_known(const wefti_order_lock *from, const wefti_order_lock *to)
{
    uint32_t a = number_of(from->word);
    uint32_t b = number_of(to->word);
    uint64_t pair = pair_of(a, b);
    /* relaxed: says only that the arrow was once written down. */
    return a != 0 && b != 0 && wefti_load_relaxed(known_place(pair)) == pair;
}

/* Put the arrow into the graph, if there is room. */
static bool keep(node *from, const arrow *a)
{
    uint32_t at = take_arrow();
    if (at == 0) {
        return false;
    }
    arrows[at] = *a;
    arrows[at].next = from->arrows;
    from->arrows = at;
    return true;
}

/* One thread's wait, with the numbers of all locks concerned: numbers[i] of
 * held[i], and numbers[count] of the next. */
enum { MOST = 64 };
typedef struct attempt {
    const wefti_order_lock *held;
    const wefti_order_lock *next;
    uint32_t count;
    uint32_t numbers[MOST];
} attempt;

/* Under the mutex: write down that held[which] comes before the next lock.
 * true: that closes a circle, and is not kept, so that whoever tries again is
 * told again. */
static bool remember(const attempt *t, uint32_t which, circle *c)
{
    const uint32_t last = t->numbers[t->count];
    node *from = &nodes[index_of(t->numbers[which])];
    arrow *old = find_arrow(from, last);
    arrow now = old != NULL ? *old : (arrow){.to = last};
    bool changed = true;
    if (old == NULL) {
        write_gates(&now, t->numbers, which);
    } else {
        changed = narrow_gates(&now, t->numbers, which);
    }
    if (changed) {
        describe(&now, &t->held[which], t->next);
        if (closes_circle(&now, index_of(t->numbers[which]), c)) {
            return true;
        }
    }
    bool kept = true;
    if (old != NULL) {
        *old = now;
    } else {
        kept = keep(from, &now);
    }
    if (kept && !has_gates(&now)) {
        uint64_t pair = pair_of(t->numbers[which], last);
        /* relaxed: a hint, as read by is_known. */
        wefti_store_relaxed(known_place(pair), pair);
    }
    return false;
}

static bool remember_all(attempt *t, circle *c)
{
    bool contradiction = false;
    (void)pthread_mutex_lock(&mutex);
    for (uint32_t i = 0; i < t->count; i++) {
        t->numbers[i] = give_number(&t->held[i]);
    }
    t->numbers[t->count] = give_number(t->next);
    for (uint32_t i = 0; i < t->count && !contradiction; i++) {
        contradiction = remember(t, i, c);
    }
    (void)pthread_mutex_unlock(&mutex);
    return contradiction;
}

void wefti_order_check(const wefti_order_lock *held, uint32_t count,
                       const wefti_order_lock *next)
{
    bool all_known = true;
    for (uint32_t i = 0; i < count; i++) {
        all_known = all_known && is_known(&held[i], next);
    }
    if (all_known || count >= MOST) {
        return;
    }
    attempt t = {.held = held, .next = next, .count = count};
    circle c = {0};
    if (remember_all(&t, &c)) {
        panic_over(&c);
    }
}

#endif
