/* The arc, explored: the value ends once, after every use; the block goes once,
 * after every access; an upgrade keeps the value or finds it gone. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>

enum { OWNERS = 3 };

/* Each owner writes a field of its own, and whoever ends the value reads all:
 * a race if the end does not come after every use. */
typedef struct desk {
    int used[OWNERS];
    int changed; /* through get_mut only */
} desk;
WEFT_SEND(desk);

static int ended; /* plain: told to everybody by joining */

static void end_desk(desk *d)
{
    for (int i = 0; i < OWNERS; i++) {
        weft_model_assert(d->used[i] >= 0);
        d->used[i] = -1;
    }
    ended++;
}

WEFT_ARC_DEFINE_DROP(shared_desk, desk, end_desk);
WEFT_ARC_SYNC(shared_desk, desk);

static shared_desk arcs[OWNERS]; /* one for each thread */
static shared_desk_weak weaks[OWNERS];

/* How often each of these happened, in all executions. */
static struct {
    uint32_t upgraded, gone, alone, shared, unwrapped;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static void begin(int owners)
{
    weft_model_assert(shared_desk_create(&arcs[0], (desk){{0}, 0}) == WEFT_OK);
    weft_model_name(arcs[0].wefti_value, sizeof(desk), "desk");
    for (int i = 1; i < owners; i++) {
        shared_desk_clone(&arcs[i], &arcs[0]);
    }
}

static void use(const shared_desk *a)
{
    shared_desk_get_sync(a)->used[weft_model_self()]++;
}

static void use_and_drop(void *unused)
{
    (void)unused;
    shared_desk *mine = &arcs[weft_model_self()];
    use(mine);
    shared_desk_drop(mine);
}

/* ------------------------------------------------------------- strong handles
 */

static void three_drop(void *unused)
{
    begin(3);
    weft_model_thread a = weft_model_spawn(use_and_drop, NULL);
    weft_model_thread b = weft_model_spawn(use_and_drop, NULL);
    use_and_drop(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(ended == 1);
}

Test(arc, ends_once_and_after_every_use)
{
    model_holds(three_drop, .name = "arc, three owners");
}

static void clone_use_and_drop(void *unused)
{
    shared_desk more;
    shared_desk_clone(&more, &arcs[weft_model_self()]);
    use_and_drop(unused);
    use(&more);
    shared_desk_drop(&more);
}

static void three_clone(void *unused)
{
    begin(3);
    weft_model_thread a = weft_model_spawn(clone_use_and_drop, NULL);
    weft_model_thread b = weft_model_spawn(use_and_drop, NULL);
    clone_use_and_drop(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(ended == 1);
}

Test(arc, is_cloned_while_others_drop)
{
    model_holds(three_clone, .name = "arc, three owners, two clone");
}

/* CVE-2018-25008: that the count says alone does not say that the others'
 * last reads are over. */
static void change_if_alone(void *unused)
{
    (void)unused;
    begin(3);
    weft_model_thread a = weft_model_spawn(use_and_drop, NULL);
    weft_model_thread b = weft_model_spawn(use_and_drop, NULL);
    desk *d = shared_desk_get_mut(&arcs[0]);
    if (d != NULL) {
        weft_model_assert(d->used[1] == 1 && d->used[2] == 1);
        d->changed = 1;
        count(&seen.alone);
    } else {
        count(&seen.shared);
    }
    shared_desk_drop(&arcs[0]);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(ended == 1);
}

Test(arc, is_changed_after_every_use_of_others)
{
    model_holds(change_if_alone, .name = "arc, get_mut");
    cr_assert(seen.alone > 0 && seen.shared > 0);
}

/* Of owners that all try to take the value out, one at most gets it; else it
 * ends in its place. */
static int unwrapped;

static void unwrap_or_drop(void *unused)
{
    (void)unused;
    shared_desk *mine = &arcs[weft_model_self()];
    use(mine);
    desk d;
    if (shared_desk_unwrap_try(mine, &d)) {
        weft_model_assert(d.used[0] + d.used[1] + d.used[2] == OWNERS);
        unwrapped++;
        count(&seen.unwrapped);
    } else {
        shared_desk_drop(mine);
        count(&seen.shared);
    }
}

static void three_unwrap(void *unused)
{
    begin(OWNERS);
    weft_model_thread a = weft_model_spawn(unwrap_or_drop, NULL);
    weft_model_thread b = weft_model_spawn(unwrap_or_drop, NULL);
    unwrap_or_drop(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(unwrapped + ended == 1);
}

Test(arc, is_unwrapped_once_or_ends)
{
    model_holds(three_unwrap, .name = "arc, three unwrap");
    cr_assert(seen.unwrapped > 0 && seen.shared > 0);
}

/* --------------------------------------------------------------- weak handles
 */

/* Upgrade, use what there is, and give up both. */
static void upgrade(shared_desk_weak *w)
{
    shared_desk strong;
    if (shared_desk_weak_upgrade_try(&strong, w)) {
        use(&strong);
        shared_desk_drop(&strong);
        count(&seen.upgraded);
    } else {
        count(&seen.gone);
    }
    shared_desk_weak_drop(w);
}

static void upgrade_mine(void *unused)
{
    (void)unused;
    upgrade(&weaks[weft_model_self()]);
}

/* RUSTSEC-2020-0017: the last drop races with a new reference. */
static void upgrade_beside_the_last_drop(void *unused)
{
    begin(1);
    shared_desk_downgrade(&weaks[1], &arcs[0]);
    weft_model_thread t = weft_model_spawn(upgrade_mine, NULL);
    use_and_drop(unused);
    weft_model_join(t);
    weft_model_assert(ended == 1);
}

Test(arc, is_upgraded_while_the_last_owner_drops)
{
    model_holds(upgrade_beside_the_last_drop, .name = "arc, upgrade");
    cr_assert(seen.upgraded > 0 && seen.gone > 0);
}

static void drop_and_upgrade(void *unused)
{
    use_and_drop(unused);
    upgrade_mine(unused);
}

static void three_owners_and_a_weak(void *unused)
{
    begin(3);
    shared_desk_downgrade(&weaks[1], &arcs[0]);
    weft_model_thread a = weft_model_spawn(drop_and_upgrade, NULL);
    weft_model_thread b = weft_model_spawn(use_and_drop, NULL);
    use_and_drop(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(ended == 1);
}

Test(arc, is_upgraded_among_three_owners)
{
    model_holds(three_owners_and_a_weak, .name = "arc, three owners, upgrade");
    cr_assert(seen.upgraded > 0 && seen.gone > 0);
}

static void two_weaks(void *unused)
{
    begin(1);
    shared_desk_downgrade(&weaks[1], &arcs[0]);
    shared_desk_weak_clone(&weaks[2], &weaks[1]);
    weft_model_thread a = weft_model_spawn(upgrade_mine, NULL);
    weft_model_thread b = weft_model_spawn(upgrade_mine, NULL);
    use_and_drop(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(ended == 1);
}

Test(arc, is_upgraded_twice)
{
    model_holds(two_weaks, .name = "arc, two upgrade");
    cr_assert(seen.upgraded > 0 && seen.gone > 0);
}

/* While there is a weak handle nobody is alone, for it may be upgraded. */
static void change_beside_a_weak(void *unused)
{
    (void)unused;
    begin(1);
    shared_desk_downgrade(&weaks[1], &arcs[0]);
    weft_model_thread t = weft_model_spawn(upgrade_mine, NULL);
    desk *d = shared_desk_get_mut(&arcs[0]);
    if (d != NULL) {
        weft_model_assert(d->used[1] == 1);
        d->used[1] = 0;
        count(&seen.alone);
    } else {
        count(&seen.shared);
    }
    shared_desk_drop(&arcs[0]);
    weft_model_join(t);
    weft_model_assert(ended == 1);
}

Test(arc, is_not_changed_beside_a_weak_handle)
{
    model_holds(change_beside_a_weak, .name = "arc, get_mut beside a weak");
    cr_assert(seen.alone > 0 && seen.shared > 0);
}

static void unwrap_beside_a_weak(void *unused)
{
    (void)unused;
    begin(2);
    shared_desk_downgrade(&weaks[2], &arcs[0]);
    weft_model_thread a = weft_model_spawn(use_and_drop, NULL);
    weft_model_thread b = weft_model_spawn(upgrade_mine, NULL);
    desk d;
    if (shared_desk_unwrap_try(&arcs[0], &d)) {
        weft_model_assert(d.used[1] == 1);
        unwrapped++;
        count(d.used[2] == 1 ? &seen.upgraded : &seen.gone);
    } else {
        shared_desk_drop(&arcs[0]);
        count(&seen.shared);
    }
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(unwrapped + ended == 1);
}

Test(arc, is_unwrapped_or_upgraded)
{
    model_holds(unwrap_beside_a_weak, .name = "arc, unwrap beside a weak");
    cr_assert(seen.upgraded > 0 && seen.gone > 0 && seen.shared > 0);
}

/* ------------------------------------------------------- a destructor panics
 */

static void end_badly(desk *d)
{
    end_desk(d);
    weft_panic("the value does not end well");
}

WEFT_ARC_DEFINE_DROP(bad_desk, desk, end_badly);

static bad_desk bad[2];
static bad_desk_weak bad_weak;
static bool panicked[2]; /* plain */

static void drop_bad(void *arg)
{
    bad_desk_drop(arg);
}

static void drop_and_catch(void *unused)
{
    (void)unused;
    uint32_t self = weft_model_self();
    panicked[self] = weft_catch_unwind(drop_bad, &bad[self], NULL) != WEFT_OK;
}

static void silence(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void two_drop_badly(void *unused)
{
    (void)weft_panic_set_hook(silence);
    weft_model_assert(bad_desk_create(&bad[0], (desk){{0}, 0}) == WEFT_OK);
    bad_desk_clone(&bad[1], &bad[0]);
    bad_desk_downgrade(&bad_weak, &bad[0]);
    weft_model_thread t = weft_model_spawn(drop_and_catch, NULL);
    drop_and_catch(unused);
    if (bad_desk_weak_upgrade_try(&bad[0], &bad_weak)) {
        weft_model_assert(!panicked[0]);
        drop_and_catch(unused);
    }
    bad_desk_weak_drop(&bad_weak);
    weft_model_join(t);
    weft_model_assert(ended == 1 && panicked[0] + panicked[1] == 1);
}

Test(arc, is_freed_though_its_end_panics)
{
    model_holds(two_drop_badly, .name = "arc, the end panics");
}
