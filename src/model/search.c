/* Depth-first search over a stack of choices, replayed from the start in each
 * execution. With reduction, a node tries only the threads that some conflict
 * demands: source sets with sleep sets, Algorithm 1 of Abdulla et al. (2014).
 *
 * `past` clocks count each thread's steps; a step knows all earlier steps that
 * it must come after because of a chain of conflicts. */
#include "model/search.h"

#include "model/clock.h"
#include "model/real.h"

enum { NODES = 1 << 14, RESOURCES = 1 << 13, TRAIL = 8000, MAX_CHANGES = 32 };

typedef struct node {
    bool is_value;
    uint8_t count;   /* value: how many there are */
    uint8_t chosen;  /* the value or thread that is taken now */
    uint8_t enabled; /* sets of threads */
    uint8_t todo;
    uint8_t done;
    uint8_t asleep;  /* tried before in an equivalent place */
    uint16_t moment; /* the step's number in its thread */
    wefti_clock past;
    wefti_step steps[WEFTI_MODEL_THREADS];
} node;

typedef struct resource {
    uint64_t run;
    uintptr_t name;
    wefti_clock written; /* what the last write knew */
    wefti_clock used;    /* what all uses knew */
} resource;

static const weft_model_options *options;
static node nodes[NODES];
static uint32_t node_count;
static uint32_t here; /* nodes of this execution so far */

static uint64_t run;
static resource resources[RESOURCES];
static wefti_clock pasts[WEFTI_MODEL_THREADS];
static wefti_clock everywhere; /* what the last step of that kind knew */

static char trail[TRAIL + 1];
static uint32_t trail_length;
static const char *replay;

static uint64_t random_state;
static uint32_t preemptions;
static uint32_t step_count;
static uint32_t longest;
static double priorities[WEFTI_MODEL_THREADS];
static uint32_t changes[MAX_CHANGES];

static bool is_random(void)
{
    return options->search == WEFT_MODEL_RANDOM ||
           options->search == WEFT_MODEL_PCT;
}

static bool reduces(void)
{
    return options->search == WEFT_MODEL_EXHAUSTIVE && replay == NULL;
}

/* splitmix64 (G. Steele, D. Lea, C. Flood) */
static uint64_t draw(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}

void wefti_search_begin(const weft_model_options *o)
{
    options = o;
    node_count = 0;
    longest = 0;
    step_count = 0;
}

void wefti_search_restart(uint64_t execution)
{
    run++;
    here = 0;
    trail_length = 0;
    preemptions = 0;
    replay = options->replay;
    longest = step_count > longest ? step_count : longest;
    step_count = 0;
    everywhere = (wefti_clock){{0}};
    (void)__real_memset(pasts, 0, sizeof pasts);
    random_state = options->seed * 0x9E3779B97F4A7C15ull + execution;
    for (int t = 0; t < WEFTI_MODEL_THREADS; t++) {
        priorities[t] = 1.0 + (double)(draw() >> 11);
    }
    for (uint32_t i = 0; i < MAX_CHANGES; i++) {
        changes[i] = 1 + (uint32_t)(draw() % (longest > 0 ? longest : 50));
    }
}

/* --------------------------------------------------------------- resources */

static resource *resource_of(uintptr_t name)
{
    size_t at = (size_t)(name * 0x9E3779B97F4A7C15ull >> 40) % RESOURCES;
    while (resources[at].run == run && resources[at].name != name) {
        at = (at + 1) % RESOURCES;
    }
    if (resources[at].run != run) {
        resources[at] = (resource){.run = run, .name = name};
    }
    return &resources[at];
}

static void learn(uint32_t thread, const wefti_step *s)
{
    wefti_clock *past = &pasts[thread];
    past->of[thread]++;
    if (s->kind == WEFTI_STEP_YIELD) {
        return; /* it comes after what has ended it, and before nothing */
    }
    wefti_clock_join(past, &everywhere);
    for (int i = 0; i < s->count; i++) {
        resource *r = resource_of(s->uses[i]);
        bool writes = (s->writes >> i & 1) != 0;
        wefti_clock_join(past, writes ? &r->used : &r->written);
    }
    if (s->everywhere) {
        for (int t = 0; t < WEFTI_MODEL_THREADS; t++) {
            wefti_clock_join(past, &pasts[t]);
        }
        everywhere = *past;
    }
    for (int i = 0; i < s->count; i++) {
        resource *r = resource_of(s->uses[i]);
        wefti_clock_join(&r->used, past);
        if ((s->writes >> i & 1) != 0) {
            r->written = *past;
        }
    }
}

void wefti_search_enabled_by(uint32_t to, uint32_t from)
{
    wefti_clock_join(&pasts[to], &pasts[from]);
}

/* --------------------------------------------------------------- reduction */

static bool knows(const wefti_clock *past, const node *n)
{
    return past->of[n->chosen] >= n->moment;
}

/* The threads that can go first in an execution in which `next`, a step of
 * thread p, comes before the step made at `from`: those whose first step since
 * then depends neither on that step nor on another since. */
static uint32_t initials(uint32_t from, uint32_t to, uint32_t p,
                         const wefti_step *next)
{
    static const node *later[NODES];
    uint32_t later_count = 0;
    uint32_t seen = 0;
    uint32_t first = 0;
    for (uint32_t i = from + 1; i <= to; i++) {
        const node *n = i < to ? &nodes[i] : NULL;
        if (n != NULL && (n->is_value || knows(&n->past, &nodes[from]))) {
            continue;
        }
        uint32_t q = n != NULL ? n->chosen : p;
        const wefti_clock *past = n != NULL ? &n->past : &pasts[p];
        bool can = (seen >> q & 1) == 0;
        for (uint32_t k = 0; can && k < later_count; k++) {
            const node *e = later[k];
            can = !knows(past, e) &&
                  (n != NULL || e->steps[e->chosen].kind == WEFTI_STEP_YIELD ||
                   !wefti_steps_conflict(&e->steps[e->chosen], next));
        }
        seen |= 1u << q;
        first |= (uint32_t)can << q;
        if (n != NULL) {
            later[later_count++] = n;
        }
    }
    return first;
}

/* Steps of which the later one was waiting for the earlier. */
static bool is_forced(const wefti_step *earlier, const wefti_step *later)
{
    return (earlier->kind == WEFTI_STEP_EXIT &&
            later->kind == WEFTI_STEP_JOIN) ||
           (earlier->kind == WEFTI_STEP_UNLOCK && later->while_one);
}

static void demand(node *n, uint32_t first, uint32_t p)
{
    if (first == 0) {
        n->todo |= n->enabled;
    } else if ((first & (n->todo | n->asleep)) == 0) {
        uint32_t pick = (first >> p & 1) != 0 ? 1u << p : first & -first;
        n->todo |= (uint8_t)pick;
    }
}

/* For each earlier step that conflicts with `next` and could have come after
 * it, see to it that the other order is explored. A turn of a spin loop does
 * nothing, and what it waits for is made a conflict by the loads around it. */
static void reverse_races(uint32_t p, const wefti_step *next, uint32_t to)
{
    if (next->kind == WEFTI_STEP_YIELD) {
        return;
    }
    wefti_clock ordered = pasts[p];
    uint32_t open = 0; /* threads with steps that it need not come after */
    for (uint32_t t = 0; t < WEFTI_MODEL_THREADS; t++) {
        open |= (uint32_t)(t != p && pasts[t].of[t] > ordered.of[t]) << t;
    }
    for (uint32_t i = to; open != 0 && i-- > 0;) {
        node *n = &nodes[i];
        if (n->is_value || (open >> n->chosen & 1) == 0) {
            continue;
        }
        const wefti_step *earlier = &n->steps[n->chosen];
        if (knows(&ordered, n)) {
            open &= ~(1u << n->chosen); /* and so all before it */
        } else if (earlier->kind != WEFTI_STEP_YIELD &&
                   wefti_steps_conflict(earlier, next) &&
                   /* what comes before the earlier may still be a race */
                   !is_forced(earlier, next)) {
            demand(n, initials(i, to, p, next) & n->enabled, p);
            wefti_clock_join(&ordered, &n->past);
        }
    }
}

void wefti_search_made(uint32_t thread, const wefti_step *step)
{
    step_count++;
    if (!reduces()) {
        return;
    }
    uint32_t at = here - 1;
    while (nodes[at].is_value) {
        at--;
    }
    reverse_races(thread, step, at);
    learn(thread, step);
    nodes[at].moment = pasts[thread].of[thread];
    nodes[at].past = pasts[thread];
}

void wefti_search_left(uint32_t thread, const wefti_step *step)
{
    if (reduces()) {
        reverse_races(thread, step, here);
    }
}

/* ------------------------------------------------------------------ choices */

static void leave_trail(char c)
{
    if (trail_length < TRAIL) {
        trail[trail_length++] = c;
    }
}

const char *wefti_search_trail(void)
{
    trail[trail_length] = '\0';
    return trail;
}

/* The same choices must lead to the same place. */
static void check_replay(bool same)
{
    if (!same) {
        weft_model_fail("not deterministic: the same choices led elsewhere "
                        "than in an earlier execution");
    }
}

static node *new_node(void)
{
    if (here == NODES) {
        weft_model_fail("this execution has more than %d choices", NODES);
    }
    node *n = &nodes[here++];
    node_count = here;
    n->asleep = 0;
    n->done = 0;
    return n;
}

/* What was tried at the node before, or above it, need not be tried here if
 * the step in between does not touch it. */
static uint32_t inherited_sleep(const node *new)
{
    const node *n = new;
    do {
        if (n == nodes) {
            return 0;
        }
        n--;
    } while (n->is_value);
    uint32_t sleepers = (uint32_t)(n->asleep | n->done) & ~(1u << n->chosen);
    uint32_t still = 0;
    for (uint32_t t = 0; t < WEFTI_MODEL_THREADS; t++) {
        if ((sleepers >> t & 1) != 0 &&
            !wefti_steps_conflict(&n->steps[t], &n->steps[n->chosen])) {
            still |= 1u << t;
        }
    }
    return still;
}

static bool any_forced(const node *n)
{
    bool any = false;
    for (uint32_t left = n->enabled; left != 0; left &= left - 1) {
        any = any || n->steps[__builtin_ctz(left)].forced;
    }
    return any;
}

static int first_choice(uint32_t enabled, const wefti_step *const *steps,
                        uint32_t count, uint32_t last)
{
    node *n = new_node();
    n->is_value = false;
    n->enabled = (uint8_t)enabled;
    for (uint32_t t = 0; t < count; t++) {
        n->steps[t] = *steps[t];
    }
    n->asleep = reduces() ? (uint8_t)inherited_sleep(n) : 0;
    uint32_t able = enabled & ~(uint32_t)n->asleep;
    if (able == 0) {
        node_count = --here;
        return WEFTI_SEARCH_PRUNED;
    }
    bool stays = (able >> last & 1) != 0; /* no needless switch at first */
    n->chosen = (uint8_t)(stays ? last : (uint32_t)__builtin_ctz(able));
    bool bound = options->search == WEFT_MODEL_BOUNDED &&
                 preemptions >= options->preemptions &&
                 (enabled >> last & 1) != 0;
    bool one = bound || (reduces() && !any_forced(n));
    n->todo = (uint8_t)(one ? 1u << n->chosen : enabled);
    return n->chosen;
}

static uint32_t random_thread(uint32_t enabled)
{
    uint32_t nth = (uint32_t)(draw() % (uint64_t)__builtin_popcount(enabled));
    while (nth-- > 0) {
        enabled &= enabled - 1;
    }
    return (uint32_t)__builtin_ctz(enabled);
}

static uint32_t highest_priority(uint32_t enabled, uint32_t last)
{
    for (uint32_t i = 0; i < options->preemptions && i < MAX_CHANGES; i++) {
        if (changes[i] == step_count + 1 && (enabled >> last & 1) != 0) {
            priorities[last] = -1.0 - (double)i;
        }
    }
    uint32_t best = (uint32_t)__builtin_ctz(enabled);
    for (uint32_t t = best; t < WEFTI_MODEL_THREADS; t++) {
        if ((enabled >> t & 1) != 0 && priorities[t] > priorities[best]) {
            best = t;
        }
    }
    return best;
}

static int pick_thread(uint32_t enabled, const wefti_step *const *steps,
                       uint32_t count, uint32_t last)
{
    if (replay != NULL) {
        bool forced = (enabled & (enabled - 1)) == 0;
        uint32_t t = !forced && *replay >= '0' && *replay <= '7'
                         ? (uint32_t)(*replay++ - '0')
                         : (uint32_t)__builtin_ctz(enabled);
        return (int)((enabled >> t & 1) != 0
                         ? t
                         : (uint32_t)__builtin_ctz(enabled));
    }
    if (options->search == WEFT_MODEL_RANDOM) {
        return (int)random_thread(enabled);
    }
    if (options->search == WEFT_MODEL_PCT) {
        return (int)highest_priority(enabled, last);
    }
    if (here < node_count) {
        const node *n = &nodes[here++];
        check_replay(!n->is_value && n->enabled == enabled);
        return n->chosen;
    }
    return first_choice(enabled, steps, count, last);
}

int wefti_search_thread(uint32_t enabled, const wefti_step *const *steps,
                        uint32_t count, uint32_t last)
{
    int t = pick_thread(enabled, steps, count, last);
    if (t >= 0) {
        preemptions += (uint32_t)t != last && (enabled >> last & 1) != 0;
        if ((enabled & (enabled - 1)) != 0) {
            leave_trail((char)('0' + t));
        }
    }
    return t;
}

static uint32_t pick_value(uint32_t count)
{
    if (replay != NULL) {
        uint32_t v = *replay >= 'a' ? (uint32_t)(*replay++ - 'a') : 0;
        return v < count ? v : 0;
    }
    if (is_random()) { /* the newest value is the likely one */
        return draw() % 3 != 0 ? 0 : (uint32_t)(draw() % count);
    }
    if (here == node_count) {
        node *fresh = new_node();
        fresh->is_value = true;
        fresh->count = (uint8_t)count;
        fresh->chosen = 0;
        return 0;
    }
    const node *n = &nodes[here++];
    check_replay(n->is_value && n->count == count);
    return n->chosen;
}

uint32_t wefti_search_value(uint32_t n)
{
    if (n <= 1) {
        return 0;
    }
    uint32_t v = pick_value(n);
    leave_trail((char)('a' + v));
    return v;
}

bool wefti_search_next(void)
{
    if (options->replay != NULL) {
        return false;
    }
    if (is_random()) {
        return true;
    }
    while (node_count > 0) {
        node *n = &nodes[node_count - 1];
        if (n->is_value) {
            if (++n->chosen < n->count) {
                return true;
            }
        } else {
            n->done |= (uint8_t)(1u << n->chosen);
            uint32_t todo = n->todo & ~(uint32_t)(n->done | n->asleep);
            if (todo != 0) {
                n->chosen = (uint8_t)__builtin_ctz(todo);
                return true;
            }
        }
        node_count--;
    }
    return false;
}
