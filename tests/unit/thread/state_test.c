#include "thread/state.h"

#include "support/alloc_fail.h"

#include <criterion/criterion.h>

#include <string.h>

static void do_nothing(void *frame)
{
    (void)frame;
}

static wefti_thread *state_with_frame(const char *name, const void *frame,
                                      size_t size, size_t align)
{
    const wefti_thread_job job = {do_nothing, frame, size, align, 0};
    wefti_thread *state = wefti_thread_create(name, &job);
    cr_assert_not_null(state);
    return state;
}

Test(state, last_reference_frees)
{
    test_alloc_install();
    wefti_thread *state = state_with_frame("n", "frame", 6, 1);
    wefti_thread_clone(state);
    wefti_thread_drop(state);
    cr_assert_eq(test_alloc_live(), 1);
    wefti_thread_drop(state);
    cr_assert_eq(test_alloc_live(), 0);
    cr_assert_eq(test_alloc_live_bytes(), 0);
}

Test(state, holds_copies_of_frame_and_name_in_one_block)
{
    test_alloc_install();
    char frame[] = "frame";
    char name[] = "name";
    wefti_thread *state = state_with_frame(name, frame, sizeof frame, 1);
    memset(frame, 'x', sizeof frame);
    memset(name, 'x', sizeof name);
    cr_assert_eq(test_alloc_live(), 1);
    cr_assert_str_eq(state->frame, "frame");
    cr_assert_str_eq(state->name, "name");
    wefti_thread_drop(state);
}

Test(state, frame_is_aligned_as_asked)
{
    for (size_t align = 1; align <= 4096; align *= 2) {
        wefti_thread *state = state_with_frame(NULL, "", 1, align);
        cr_assert_eq((uintptr_t)state->frame % align, 0);
        cr_assert_str_eq(state->name, "");
        wefti_thread_drop(state);
    }
}

Test(state, finish_is_final_and_gives_back_one_reference)
{
    test_alloc_install();
    wefti_thread *state = state_with_frame(NULL, "", 1, 1);
    wefti_thread_clone(state);
    wefti_thread_set_self(state);
    cr_assert_not(wefti_thread_has_finished(state));
    wefti_thread_finish(state);
    cr_assert(wefti_thread_has_finished(state));
    cr_assert_null(wefti_thread_self());
    wefti_thread_drop(state);
    cr_assert_eq(test_alloc_live(), 0);
}

Test(state, outcome_is_exit_until_the_job_says_otherwise)
{
    wefti_thread *state = wefti_thread_create("adopted", NULL);
    cr_assert_not_null(state);
    cr_assert_eq(state->outcome, WEFT_EXITED);
    wefti_thread_drop(state);
}
