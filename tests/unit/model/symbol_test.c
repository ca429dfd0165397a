/* Names for addresses. */
#include "model/symbol.h"

#include <criterion/criterion.h>
#include <string.h>

static struct {
    int first;
    int second;
} shown;

__attribute__((noinline)) static const void *here(void)
{
    return __builtin_return_address(0);
}

Test(symbol, variables_have_names)
{
    char text[64] = "";
    cr_assert(wefti_symbol_of_data((uintptr_t)&shown, text, sizeof text));
    cr_assert_str_eq(text, "shown");
    cr_assert(
        wefti_symbol_of_data((uintptr_t)&shown.second, text, sizeof text));
    cr_assert_str_eq(text, "shown+4");
    int local = 0;
    cr_assert_not(wefti_symbol_of_data((uintptr_t)&local, text, sizeof text));
}

Test(symbol, code_has_a_line_and_a_function)
{
    const void *pc = here();
    char text[128];
    wefti_symbol_want(pc);
    wefti_symbol_want(pc);
    wefti_symbol_want(NULL);
    wefti_symbol_resolve();
    wefti_symbol_of_code(pc, text, sizeof text);
    cr_assert_eq(strncmp(text, "symbol_test.c:", 14), 0, "%s", text);
    wefti_symbol_of_code(NULL, text, sizeof text);
    cr_assert_str_empty(text);
    wefti_symbol_of_code((const void *)1, text, sizeof text);
    cr_assert_str_eq(text, "?");
}
