#include "base/place.h"

#include <criterion/criterion.h>

#if WEFT_CHECKED

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a public function of the library does. */
__attribute__((noinline)) static const void *called_here(void)
{
    __asm__ volatile("");
    return WEFTI_HERE;
}

Test(place, in_words_is_file_line_and_function)
{
    const int line = __LINE__ + 1;
    const void *place = called_here();
    wefti_place_words words = wefti_place_of(place);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "place_test.c:%d", line);
    cr_assert_str_eq(words.where, expected);
    cr_assert_str_eq(words.function,
                     "place_in_words_is_file_line_and_function_impl");
}

WEFT_ALWAYS_INLINE const void *bank_lock(void)
{
    return called_here();
}

Test(place, of_a_generated_form_is_where_it_was_called)
{
    const int line = __LINE__ + 1;
    const void *place = bank_lock();
    char expected[64];
    (void)snprintf(expected, sizeof expected, "place_test.c:%d", line);
    cr_assert_str_eq(wefti_place_of(place).where, expected);
}

Test(place, without_a_symbolizer_is_an_offset)
{
    cr_assert_eq(setenv("WEFT_SYMBOLIZER", "no-such-program", 1), 0);
    errno = 4242;
    wefti_place_words words = wefti_place_of(called_here());
    cr_assert_eq(errno, 4242);
    cr_assert_eq(strncmp(words.where, "unit_base_place+0x", 18), 0, "%s",
                 words.where);
    cr_assert_str_empty(words.function);
}

Test(place, outside_of_all_code_is_unknown)
{
    int local;
    cr_assert_str_eq(wefti_place_of(NULL).where, "an unknown place");
    cr_assert_str_eq(wefti_place_of(&local).where, "an unknown place");
}

static const void *outermost;

__attribute__((noinline)) static size_t climb(const void **stack)
{
    outermost = called_here();
    size_t count = wefti_place_stack(WEFTI_HERE, stack);
    __asm__ volatile("");
    return count;
}

Test(place, stack_begins_at_the_place)
{
    const void *stack[WEFTI_STACK];
    const int line = __LINE__ + 1;
    size_t count = climb(stack);
    cr_assert_geq(count, 2);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "place_test.c:%d", line);
    cr_assert_str_eq(wefti_place_of(stack[0]).where, expected);
}

Test(place, that_is_not_on_the_stack_is_its_own_stack)
{
    const void *stack[WEFTI_STACK];
    climb(stack);
    cr_assert_eq(wefti_place_stack(outermost, stack), 1);
    cr_assert_eq(stack[0], outermost);
}

#else

Test(place, is_nothing_in_an_unchecked_build)
{
    cr_assert_eq(WEFT_CHECKED, 0);
}

#endif
