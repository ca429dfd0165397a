/* Four threads share values by arcs, and part with them in every way there is.
 * However it went, each value has ended exactly once, or was unwrapped.
 *
 * WEFT_BUSTED=25 or 26 puts a historic mistake back, which tests/busted expects
 * this to find: 25 as a data race, 26 as values that end twice. */
#ifdef __clang__
/* The players' handles live in a shared struct, where the analysis loses them.
 */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <criterion/criterion.h>

#include <weft/mem/arc.h>

#include "support/gang.h"
#include "support/seed.h"

#include <sched.h>
#include <stdlib.h>

enum { THREADS = 4 };

/* ------------------------------------------------------------- the value */

typedef struct cell {
    int64_t number;  /* plain: only orderings keep it from racing */
    int64_t negated; /* always -number */
} cell;
WEFT_SEND(cell);

static WEFT_ATOMIC(int64_t) made;
static WEFT_ATOMIC(int64_t) ended;
static WEFT_ATOMIC(int64_t) torn;

static void check(const cell *c)
{
    if (c->number != -c->negated) {
        (void)wefti_add_relaxed(&torn, 1); /* relaxed: read after the join */
    }
}

static void end_cell(cell *c)
{
    check(c);
    c->number = 1;
    c->negated = 1; /* whoever reads it from now on finds it torn */
    (void)wefti_add_relaxed(&ended, 1); /* relaxed: read after the join */
}

WEFT_ARC_DEFINE_DROP(shared_cell, cell, end_cell);

static shared_cell make(int64_t number)
{
    const cell c = {number, -number};
    shared_cell a;
    if (shared_cell_create(&a, c) != WEFT_OK) {
        abort();
    }
    (void)wefti_add_relaxed(&made, 1); /* relaxed: read after the join */
    return a;
}

/* ----------------------------------------------------- planted mistakes */

#ifndef WEFT_BUSTED
#define WEFT_BUSTED 0
#endif

static cell *get_mut(shared_cell *a)
{
#if WEFT_BUSTED == 25
    /* CVE-2018-25008: the count says that we are alone, but what the others
     * did before they left is not ordered before what we do now. */
    const uint64_t now =
        wefti_load_relaxed(&wefti_arc_of(a->wefti_value)->counts);
    return now == (WEFTI_ARC_STRONG | WEFTI_ARC_WEAK) ? a->wefti_value : NULL;
#else
    return shared_cell_get_mut(a);
#endif
}

static bool upgrade(shared_cell *out, const shared_cell_weak *w)
{
#if WEFT_BUSTED == 26
    /* RUSTSEC-2020-0017: the last owner may leave between look and count. */
    wefti_arc *header = wefti_arc_of(w->wefti_value);
    if (wefti_arc_strong(wefti_load_relaxed(&header->counts)) == 0) {
        return false;
    }
    sched_yield(); /* as if interrupted here */
    (void)wefti_add_relaxed(&header->counts, WEFTI_ARC_STRONG);
    out->wefti_value = w->wefti_value;
    return true;
#else
    return shared_cell_weak_upgrade_try(out, w);
#endif
}

/* ------------------------------------------------------------- the gang */

typedef struct player {
    test_rng random;
    shared_cell mine;
    shared_cell_weak weak;
} player;

typedef struct game {
    int rounds;
    void (*round)(player *p);
    player players[THREADS];
} game;

/* Each player gets a handle and a weak one on one new value. */
static void deal(game *g, int64_t number)
{
    shared_cell a = make(number);
    for (int i = 0; i < THREADS; i++) {
        shared_cell_clone(&g->players[i].mine, &a);
        shared_cell_downgrade(&g->players[i].weak, &a);
    }
    shared_cell_drop(&a);
}

static void play(gang_member *me)
{
    game *g = me->arg;
    player *p = &g->players[me->index];
    p->random = test_rng_make(me->index);
    for (int i = 0; i < g->rounds; i++) {
        if (me->index == 0) {
            deal(g, i);
        }
        gang_meet(me);
        g->round(p);
        gang_meet(me);
    }
}

static void run(int rounds, void (*round)(player *p))
{
    game g = {.rounds = rounds, .round = round};
    gang_run(THREADS, play, &g);
    /* relaxed: the threads are joined. */
    cr_expect_eq(wefti_load_relaxed(&made), rounds);
    cr_expect_eq(wefti_load_relaxed(&ended), rounds);
    cr_expect_eq(wefti_load_relaxed(&torn), 0);
}

/* -------------------------------------------------------------- the games */

/* Everything at once, in random order. */
static void mix(player *p)
{
    for (int step = 0; step < 16 && p->mine.wefti_value != NULL; step++) {
        shared_cell other;
        cell out;
        switch (test_rng_below(&p->random, 6)) {
        case 0:
            shared_cell_clone(&other, &p->mine);
            check(shared_cell_get(&other));
            shared_cell_drop(&other);
            break;
        case 1:
            if (upgrade(&other, &p->weak)) {
                shared_cell_drop(&p->mine);
                p->mine = shared_cell_move(&other);
            }
            break;
        case 2:
            if (get_mut(&p->mine) != NULL) {
                abort(); /* there is p->weak */
            }
            break;
        case 3:
            if (shared_cell_unwrap_try(&p->mine, &out)) {
                end_cell(&out);
            }
            break;
        case 4:
            shared_cell_weak_drop(&p->weak);
            shared_cell_downgrade(&p->weak, &p->mine);
            break;
        default:
            check(shared_cell_get(&p->mine));
        }
    }
    shared_cell_drop_auto(&p->mine);
    shared_cell_weak_drop(&p->weak);
}

Test(arc, every_value_of_a_random_mix_ends_once)
{
    run(1500, mix);
}

/* Row 25, CVE-2018-25008 (Rust's Arc::get_mut without acquire): readers read
 * and leave; whoever is then the only one writes. */
static void read_or_write(player *p)
{
    shared_cell_weak_drop(&p->weak);
    check(shared_cell_get(&p->mine));
    if (test_rng_below(&p->random, 2) == 0) {
        shared_cell_drop(&p->mine);
        return;
    }
    for (int i = 0; i < 1000; i++) {
        cell *c = get_mut(&p->mine);
        if (c != NULL) {
            c->number++;
            c->negated--;
            break;
        }
        wefti_spin_hint();
    }
    shared_cell_drop(&p->mine);
}

Test(arc, get_mut_sees_all_that_former_owners_did)
{
    run(1500, read_or_write);
}

/* Row 26, RUSTSEC-2020-0017 (the last drop races with a new reference): some
 * players leave for good, the others come in and leave until there is nothing
 * left to come into. */
static void leave_or_enter(player *p)
{
    enum { LONG_ENOUGH = 1000 };
    const bool enters = test_rng_below(&p->random, 4) != 0;
    shared_cell_drop(&p->mine);
    shared_cell again;
    for (int i = 0; enters && i < LONG_ENOUGH && upgrade(&again, &p->weak);
         i++) {
        check(shared_cell_get(&again));
        shared_cell_drop(&again);
    }
    shared_cell_weak_drop(&p->weak);
}

Test(arc, last_drop_wins_or_loses_against_upgrade_but_not_both)
{
    run(1000, leave_or_enter);
}
