/* The asymmetric fence, explored: of two threads that each write their own word
 * and read the other's, one sees the other. By way of membarrier, and without.
 */
#include "support/model.h"

#include "base/asym.h"

#include <criterion/criterion.h>

static weft_atomic_u32 frequent;
static weft_atomic_u32 rare;
static int handed; /* plain: what the frequent side's store releases */
static uint32_t frequent_saw;

/* How often each of these happened, in all executions. */
static struct {
    uint32_t one, both, received;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static void begin(bool asymmetric)
{
    wefti_asym_init();
    weft_model_assert(wefti_asym);
    wefti_asym = asymmetric;
}

static void frequent_side(void *unused)
{
    (void)unused;
    handed = 1;
    wefti_store_light(&frequent, 1u);
    frequent_saw =
        wefti_asym ? wefti_load_relaxed(&rare) : wefti_load_seq_cst(&rare);
}

static uint32_t rare_side(void)
{
    if (wefti_asym) {
        wefti_store_relaxed(&rare, 1u);
        wefti_fence_heavy();
        return wefti_load_relaxed(&frequent);
    }
    (void)wefti_swap_seq_cst(&rare, 1u);
    return wefti_load_seq_cst(&frequent);
}

static void duel(void *asymmetric)
{
    begin(asymmetric != NULL);
    weft_model_thread t = weft_model_spawn(frequent_side, NULL);
    uint32_t rare_saw = rare_side();
    weft_model_join(t);
    weft_model_assert(rare_saw == 1 || frequent_saw == 1);
    count(rare_saw + frequent_saw == 2 ? &seen.both : &seen.one);
}

static char yes[] = "yes";

Test(asym, lets_one_see_the_other)
{
    model_holds_with(duel, yes, .name = "duel by membarrier");
    cr_assert(seen.one > 0 && seen.both > 0);
}

Test(asym, lets_one_see_the_other_where_no_kernel_helps)
{
    model_holds(duel, .name = "duel without membarrier");
    cr_assert(seen.one > 0 && seen.both > 0);
}

/* The fence is what does it: the frequent side is not enough. */
static void duel_of_one(void *unused)
{
    (void)unused;
    begin(true);
    weft_model_thread t = weft_model_spawn(frequent_side, NULL);
    wefti_store_relaxed(&rare, 1u);
    uint32_t rare_saw = wefti_load_relaxed(&frequent);
    weft_model_join(t);
    weft_model_assert(rare_saw == 1 || frequent_saw == 1);
}

Test(asym, needs_the_heavy_side)
{
    model_breaks(duel_of_one, "not true", .name = "duel of one");
}

/* The light store hands over data all the same. */
static void receive(void *asymmetric)
{
    begin(asymmetric != NULL);
    weft_model_thread t = weft_model_spawn(frequent_side, NULL);
    if (wefti_load_acquire(&frequent) == 1) {
        weft_model_assert(handed == 1);
        count(&seen.received);
    }
    weft_model_join(t);
}

Test(asym, releases_with_the_light_store)
{
    model_holds_with(receive, yes, .name = "light store, membarrier");
    cr_assert(seen.received > 0);
    seen.received = 0;
    model_holds(receive, .name = "light store, none");
    cr_assert(seen.received > 0);
}

/* Two threads make the first duel ready at once. */
static void ready(void *unused)
{
    (void)unused;
    wefti_asym_init();
    weft_model_assert(wefti_asym);
}

static void two_ready(void *unused)
{
    weft_model_thread t = weft_model_spawn(ready, NULL);
    ready(unused);
    weft_model_join(t);
}

Test(asym, is_made_ready_once)
{
    model_holds(two_ready, .name = "two ready the fence");
}
