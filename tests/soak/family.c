/* A family in a common room: people whom several threads know, hung up on
 * hooks, swapped, looked for and forgotten by anybody. Whoever can be reached
 * is alive; when all have gone home, nobody is left. */
#include "soak.h"

/* Whether a handle is one: there is no public question, for one knows. */
#define HOLDS(handle) ((handle).wefti_value != NULL)

enum { HOOKS = 4 };

static const uint64_t ALIVE = UINT64_C(0xa11fea11fea11fe5);

static weft_atomic_u64 born, buried;

typedef struct person {
    uint64_t sign; /* ALIVE until buried */
    uint64_t number;
    weft_mutex quarrel;
    uint64_t visits; /* guarded by quarrel */
} person;
WEFT_SEND(person);

static void bury(person *p)
{
    soak_check(p->sign == ALIVE);
    p->sign = 0;
    weft_atomic_u64_add_relaxed(&buried, 1);
}

WEFT_ARC_DEFINE_DROP(family, person, bury);
WEFT_ARC_SYNC(family, person);

typedef struct pair {
    family strong;    /* may be empty */
    family_weak weak; /* may be empty; of another, as a rule */
} pair;
WEFT_MUTEX_DEFINE(hook, pair);

static hook hooks[HOOKS];

static hook *any_hook(soak_self *me)
{
    return &hooks[soak_below(me, HOOKS)];
}

/* Both may be empty, which _move does not take: a swap of bytes moves too. */
static void swap_pairs(pair *a, pair *b)
{
    const pair was = *a;
    *a = *b;
    *b = was;
}

static void swap(hook *h, pair *p)
{
    WEFT_LOCK(hook, g, h) {
        swap_pairs(hook_get(&g), p);
    }
}

static void forget(pair *p)
{
    family_drop_auto(&p->strong);
    family_weak_drop_auto(&p->weak);
}

static void visit(soak_self *me, family *f)
{
    person *p = family_get_sync(f);
    soak_check(p->sign == ALIVE);
    const weft_status s = weft_mutex_lock_until(&p->quarrel, soak_deadline(me));
    soak_note_status(me, s);
    if (s == WEFT_OK) {
        p->visits++;
        weft_mutex_unlock(&p->quarrel);
    }
}

static void give_birth(soak_self *me)
{
    pair mine WEFT_CLEANUP(forget) = {0};
    const person p = {.sign = ALIVE, .number = soak_below(me, UINT64_MAX)};
    const weft_status s = family_create(&mine.strong, p);
    soak_note_status(me, s);
    if (s != WEFT_OK) {
        return;
    }
    weft_atomic_u64_add_relaxed(&born, 1);
    soak_check(family_get(&mine.strong)->number == p.number);
    family_downgrade(&mine.weak, &mine.strong);
    if (soak_chance(me, 2)) {
        visit(me, &mine.strong);
    }
    swap(any_hook(me), &mine);
}

/* Know somebody from a hook, for a while. */
static void meet(soak_self *me)
{
    WEFT_AUTO(family, known);
    WEFT_AUTO(family_weak, heard_of);
    WEFT_LOCK(hook, g, any_hook(me)) {
        const pair *p = hook_get(&g);
        if (HOLDS(p->strong) && soak_chance(me, 2)) {
            family_clone(&known, &p->strong);
        } else if (p->weak.wefti_value != NULL) {
            family_weak_clone(&heard_of, &p->weak);
        }
    }
    if (HOLDS(heard_of) && !family_weak_upgrade_try(&known, &heard_of)) {
        soak_note(me, SOAK_CLOSED);
    }
    if (known.wefti_value != NULL) {
        visit(me, &known);
        soak_check(family_strong_count(&known) >= 1);
    }
}

/* The only one who knows somebody may take them apart. */
static void take_apart(soak_self *me)
{
    pair p WEFT_CLEANUP(forget) = {0};
    swap(any_hook(me), &p);
    if (!HOLDS(p.strong)) {
        return;
    }
    person *alone = family_get_mut(&p.strong);
    if (alone != NULL) {
        alone->number++;
    }
    person out;
    if (family_unwrap_try(&p.strong, &out)) {
        soak_check(out.sign == ALIVE);
        bury(&out);
        soak_note(me, SOAK_DONE);
    }
}

/* Pair a person with the weak link of another. */
static void mix(soak_self *me)
{
    pair a WEFT_CLEANUP(forget) = {0};
    pair b WEFT_CLEANUP(forget) = {0};
    swap(any_hook(me), &a);
    swap(any_hook(me), &b);
    const family_weak other = a.weak;
    a.weak = b.weak;
    b.weak = other;
    swap(any_hook(me), &a);
    swap(any_hook(me), &b);
}

static void play(void *arg)
{
    soak_self *me = arg;
    switch (soak_below(me, 5)) {
    case 0:
        take_apart(me);
        break;
    case 1:
        mix(me);
        break;
    case 2:
        give_birth(me);
        break;
    default:
        meet(me);
    }
}

/* What a block form says by a panic here is that there was no memory. */
static void act(soak_self *me)
{
    weft_panic_info info;
    if (weft_catch_unwind(play, me, &info) != WEFT_OK) {
        soak_check(soak_is_refusal(&info));
        soak_note(me, SOAK_REFUSED);
    }
}

static void end(void)
{
    for (size_t i = 0; i < HOOKS; i++) {
        forget(hook_get_unshared(&hooks[i]));
    }
    soak_check(weft_atomic_u64_load_relaxed(&born) ==
               weft_atomic_u64_load_relaxed(&buried));
}

const soak_actor soak_family = {"family", 2, NULL, act, NULL, end};
