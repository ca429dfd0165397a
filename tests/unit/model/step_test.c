/* Which steps may change places. */
#include "model/step.h"

#include <criterion/criterion.h>
#include <string.h>

static wefti_step on_word(uintptr_t address, bool writes)
{
    wefti_step s = wefti_step_make(WEFTI_STEP_LOAD, NULL);
    wefti_step_use_word(&s, address, writes);
    return s;
}

static bool conflict(wefti_step a, wefti_step b)
{
    bool one = wefti_steps_conflict(&a, &b);
    bool other = wefti_steps_conflict(&b, &a);
    cr_assert_eq(one, other);
    return one;
}

Test(step, two_uses_of_a_word_conflict_if_one_writes)
{
    cr_assert(!conflict(on_word(64, false), on_word(64, false)));
    cr_assert(conflict(on_word(64, false), on_word(64, true)));
    cr_assert(conflict(on_word(64, true), on_word(64, true)));
    cr_assert(!conflict(on_word(64, true), on_word(68, true)));
}

Test(step, the_sleepers_on_a_word_are_not_the_word)
{
    wefti_step wait = wefti_step_make(WEFTI_STEP_WAIT, NULL);
    wefti_step_use_word(&wait, 64, false);
    wefti_step_use_queue(&wait, 64, false);
    wefti_step wake = wefti_step_make(WEFTI_STEP_WAKE, NULL);
    wefti_step_use_queue(&wake, 64, true);
    cr_assert(conflict(wait, wake));
    cr_assert(conflict(wake, wake));
    cr_assert(!conflict(wait, wait));
    cr_assert(conflict(wait, on_word(64, true)));
    cr_assert(!conflict(wake, on_word(64, true)));
}

Test(step, resources_have_names_of_their_own)
{
    static const uintptr_t names[] = {
        WEFTI_RESOURCE_CLOCK, WEFTI_RESOURCE_SPURIOUS, WEFTI_RESOURCE_SPAWN,
        WEFTI_RESOURCE_SEQ_CST};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wefti_step a = wefti_step_make(WEFTI_STEP_CLOCK, NULL);
        wefti_step_use(&a, names[i], true);
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            wefti_step b = wefti_step_make(WEFTI_STEP_CLOCK, NULL);
            wefti_step_use(&b, names[k], true);
            cr_assert_eq(conflict(a, b), i == k);
        }
        wefti_step thread = wefti_step_make(WEFTI_STEP_JOIN, NULL);
        wefti_step_use_thread(&thread, (uint32_t)i);
        cr_assert(!conflict(a, thread));
        cr_assert(!conflict(a, on_word(names[i] >> 2, true)));
    }
}

Test(step, some_conflict_with_all)
{
    wefti_step nothing = wefti_step_make(WEFTI_STEP_FENCE, NULL);
    wefti_step all = nothing;
    all.everywhere = true;
    wefti_step forced = wefti_step_make(WEFTI_STEP_YIELD, NULL);
    forced.forced = true;
    cr_assert(!conflict(nothing, nothing));
    cr_assert(conflict(nothing, all));
    cr_assert(conflict(nothing, forced));
}

Test(step, every_kind_has_a_name)
{
    for (int k = 0; k < WEFTI_STEP_KINDS; k++) {
        cr_assert_not_null(wefti_step_name((wefti_kind)k));
    }
    cr_assert_str_eq(wefti_step_name(WEFTI_STEP_LOAD), "load");
}
