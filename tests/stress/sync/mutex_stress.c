/* Threads lock, try, wait with deadlines, panic, repair and clear at random,
 * over a few mutexes; each mutex guards an invariant that a panic breaks. */
#include <weft/weft.h>

#include <criterion/criterion.h>

#include "support/gang.h"
#include "support/seed.h"

#ifdef __clang__
/* These tests leave locks held, and leave blocks, on purpose. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

enum { MUTEXES = 3, THREADS = 8, ROUNDS = 3000 };

/* Invariant: a == b, but for the time that somebody is at work. */
typedef struct pair {
    long a;
    long b;
} pair;
WEFT_MUTEX_DEFINE(cell, pair);

typedef struct field {
    cell cells[MUTEXES];
    weft_atomic_u64 steps;   /* completed increments */
    weft_atomic_u64 poisons; /* panics that left a cell half done */
    weft_atomic_u64 repairs;
} field;

typedef struct step {
    field *field;
    cell *cell;
    bool fall;
} step;

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void increment(pair *p, const step *s)
{
    p->a++;
    if (s->fall) {
        weft_atomic_u64_add_relaxed(&s->field->poisons, 1);
        weft_panic("half done");
    }
    p->b++;
    weft_atomic_u64_add_relaxed(&s->field->steps, 1);
}

/* In a block, which a poisoned mutex makes panic as well. */
static void step_in_block(void *arg)
{
    step *s = arg;
    WEFT_LOCK(cell, g, s->cell) {
        increment(cell_get(&g), s);
    }
}

static void step_with_deadline(void *arg)
{
    step *s = arg;
    cell_guard g;
    if (cell_lock_until(s->cell, &g, weft_deadline_after_us(50)) == WEFT_OK) {
        increment(cell_get(&g), s);
        cell_unlock(&g);
    }
}

static void step_without_waiting(void *arg)
{
    step *s = arg;
    cell_guard g;
    if (cell_lock_try(s->cell, &g) == WEFT_OK) {
        increment(cell_get(&g), s);
        cell_unlock(&g);
    }
}

static void (*const steps[])(void *) = {step_in_block, step_with_deadline,
                                        step_without_waiting};

static void repair(gang_member *me, field *f, cell *c)
{
    cell_guard g;
    gang_check(me, cell_recover(c, &g) == WEFT_OK);
    pair *p = cell_get(&g);
    if (cell_is_poisoned(c)) {
        gang_check(me, p->a == p->b + 1);
        p->b = p->a;
        cell_clear_poison(c);
        weft_atomic_u64_add_relaxed(&f->repairs, 1);
    }
    gang_check(me, p->a == p->b);
    cell_unlock(&g);
}

static void work(gang_member *me)
{
    field *f = me->arg;
    test_rng rng = test_rng_make(me->index);
    for (int i = 0; i < ROUNDS; i++) {
        cell *c = &f->cells[test_rng_below(&rng, MUTEXES)];
        step s = {f, c, test_rng_below(&rng, 16) == 0};
        weft_status status =
            weft_catch_unwind(steps[test_rng_below(&rng, 3)], &s, NULL);
        gang_check(me, status == WEFT_OK || status == WEFT_PANICKED);
        if (cell_is_poisoned(c) && test_rng_below(&rng, 4) == 0) {
            repair(me, f, c);
        }
    }
}

Test(mutex, keeps_every_invariant_through_panics_and_repairs)
{
    static field f;
    (void)weft_panic_set_hook(quiet);
    (void)test_seed();
    gang_run(THREADS, work, &f);

    long total = 0;
    uint64_t left = 0;
    for (int i = 0; i < MUTEXES; i++) {
        pair *p = cell_get_unshared(&f.cells[i]);
        bool poisoned = cell_is_poisoned(&f.cells[i]);
        cr_assert_eq(p->a, p->b + (poisoned ? 1 : 0));
        left += poisoned;
        total += p->a;
    }
    uint64_t done = weft_atomic_u64_load_relaxed(&f.steps);
    uint64_t poisons = weft_atomic_u64_load_relaxed(&f.poisons);
    cr_assert_eq((uint64_t)total, done + poisons);
    cr_assert_eq(poisons, weft_atomic_u64_load_relaxed(&f.repairs) + left);
    cr_assert_gt(done, 0);
    cr_assert_gt(poisons, 0);
}
