/* The deque, explored: its owner and two thieves get each item once, by way of
 * membarrier and without. */
#include "support/model.h"

#include "base/asym.h"

#include <weft/queue/deque.h>

#include <criterion/criterion.h>

enum { ITEMS = 4 };

/* What the owner does: '+' push, '-' pop, '=' take the newest as a join does
 * (take, else pop). `first` comes before the thieves. */
typedef struct scene {
    const char *name;
    const char *first;
    const char *owner;
    int thieves;
    int thefts; /* that each tries */
    bool seq_cst;
} scene;

static wefti_deque d;
static int items[ITEMS]; /* n + 1; negative once somebody has it */
static int pushed;

/* How often each of these happened, in all executions. */
static struct {
    int stolen, fallen, popped, taken, missed, refused;
} seen;
#define COUNT(what) count(&seen.what)

__attribute__((no_sanitize("thread"))) static void count(int *what)
{
    ++*what;
}

__attribute__((no_sanitize("thread"))) static void forget(void)
{
    seen.stolen = seen.fallen = seen.popped = seen.taken = seen.missed = 0;
    seen.refused = 0;
}

/* The item's contents are plain: whoever has it must know what was pushed,
 * and two who have it race. */
static void keep(void *item)
{
    int *mine = item;
    weft_model_assert(*mine == (int)(mine - items) + 1);
    *mine = -*mine;
}

static void thief(void *arg)
{
    const scene *s = arg;
    for (int i = 0; i < s->thefts; i++) {
        void *item = wefti_deque_steal(&d);
        if (item != NULL) {
            keep(item);
            COUNT(stolen);
        } else {
            COUNT(missed);
        }
    }
}

static void push(void)
{
    items[pushed] = pushed + 1;
    if (wefti_deque_push(&d, &items[pushed])) {
        pushed++;
    } else {
        COUNT(refused);
    }
}

static void pop(void)
{
    void *item = wefti_deque_pop(&d);
    if (item != NULL) {
        keep(item);
        COUNT(popped);
    } else {
        COUNT(fallen);
    }
}

static void take(void)
{
    int *newest = &items[pushed - 1];
    if (wefti_deque_take(&d, newest)) {
        keep(newest);
        COUNT(taken);
    } else {
        pop();
    }
}

static void act(const char *script)
{
    for (; *script != '\0'; script++) {
        if (*script == '+') {
            push();
        } else if (*script == '-') {
            pop();
        } else {
            take();
        }
    }
}

static void play(void *arg)
{
    scene *s = arg;
    weft_model_thread thieves[3];
    weft_model_name(&d, sizeof d, "deque");
    if (!s->seq_cst) {
        wefti_deque_prepare();
        weft_model_assert(wefti_asym);
    }
    act(s->first);
    weft_model_assert(pushed > 0); /* there is room after a pop of nothing */
    for (int i = 0; i < s->thieves; i++) {
        thieves[i] = weft_model_spawn(thief, s);
    }
    act(s->owner);
    for (int i = 0; i < s->thieves; i++) {
        weft_model_join(thieves[i]);
    }
    for (void *item; (item = wefti_deque_pop(&d)) != NULL;) {
        keep(item);
    }
    for (int i = 0; i < pushed; i++) {
        weft_model_assert(items[i] == -(i + 1));
    }
}

static void explore(scene *s)
{
    forget();
    model_holds_with(play, s, .name = s->name);
    cr_expect_gt(seen.stolen, 0, "%s", s->name);
    cr_expect_gt(seen.missed, 0, "%s", s->name);
}

Test(deque, two_thieves_and_the_owner_want_the_last_item)
{
    explore(&(scene){"deque, the last item", "+", "-", 2, 1, false});
    cr_expect(seen.popped > 0 && seen.fallen > 0);
    explore(&(scene){"deque, the last item, seq_cst", "+", "-", 2, 1, true});
    cr_expect(seen.popped > 0 && seen.fallen > 0);
}

Test(deque, two_thieves_while_the_owner_pushes_and_pops)
{
    explore(&(scene){"deque, push and pop", "-+", "+-", 2, 1, false});
    explore(&(scene){"deque, push and pop, seq_cst", "-+", "+--", 2, 1, true});
}

Test(deque, two_thieves_while_slots_are_used_again)
{
    explore(&(scene){"deque, reuse", "++", "++", 2, 1, false});
    cr_expect_gt(seen.refused, 0);
    explore(&(scene){"deque, reuse, seq_cst", "++", "++-", 2, 1, true});
    cr_expect_gt(seen.refused, 0);
}

Test(deque, two_thieves_and_an_owner_who_joins)
{
    explore(&(scene){"deque, joins", "+", "+=", 2, 1, false});
    cr_expect(seen.taken > 0 && seen.popped > 0 && seen.fallen > 0);
    explore(&(scene){"deque, joins, seq_cst", "+", "+==", 2, 1, true});
    cr_expect(seen.taken > 0 && seen.popped > 0 && seen.fallen > 0);
}

Test(deque, thief_that_comes_again)
{
    explore(&(scene){"deque, one thief twice", "+", "+-+", 1, 2, false});
    explore(
        &(scene){"deque, one thief twice, seq_cst", "+", "+-+=", 1, 2, true});
}

/* The duel for sleep: who would sleep hears of the item, or sees it. */
static int told, saw;

static void would_be_sleeper(void *unused)
{
    (void)unused;
    wefti_deque_want(&d);
    wefti_fence_heavy();
    if (!wefti_deque_is_empty(&d)) {
        saw++;
    }
}

static void offer(void *arg)
{
    if (!*(const bool *)arg) {
        wefti_deque_prepare();
    }
    weft_model_thread t = weft_model_spawn(would_be_sleeper, NULL);
    push();
    if (wefti_deque_wanted(&d)) {
        told++;
    }
    weft_model_join(t);
    weft_model_assert(told + saw > 0);
    if (told == 0) {
        COUNT(missed);
    } else if (saw == 0) {
        COUNT(taken);
    }
}

Test(deque, would_be_sleeper_is_told_of_the_item_or_sees_it)
{
    for (int i = 0; i < 2; i++) {
        bool seq_cst = i == 1;
        forget();
        model_holds_with(offer, &seq_cst,
                         .name =
                             seq_cst ? "deque, wish, seq_cst" : "deque, wish");
        cr_expect(seen.missed > 0 && seen.taken > 0);
    }
}
