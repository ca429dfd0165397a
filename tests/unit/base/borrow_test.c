/* What a borrow does at run time; what clang sees of it before that is tested
 * in tests/compile_fail. */
#include <weft/base/borrow.h>
#include <weft/base/unwind.h>

#include <criterion/criterion.h>

#include <string.h>

static void end(void *arg) WEFT_UNCHECKED;
static void end(void *arg)
{
    weft_borrow_end((weft_borrow *)arg);
}

static void require(void *arg) WEFT_UNCHECKED;
static void require(void *arg)
{
    weft_borrow_required((weft_borrow *)arg, "list_at");
}

static void exclude(void *arg)
{
    weft_borrow_excluded((weft_borrow *)arg, "list_push");
}

static void begin_and_fall(void *arg) WEFT_UNCHECKED;
static void begin_and_fall(void *arg)
{
    weft_borrow_begin((weft_borrow *)arg);
    weft_panic("fell with a reference in its hand");
}

/* What call(b) panics with, "" if it does not. */
static weft_panic_info said(void (*call)(void *), weft_borrow *b)
{
    weft_panic_info info = {0};
    weft_status s = weft_catch_unwind(call, b, &info);
    if (s == WEFT_OK) {
        info.message[0] = '\0';
    }
    return info;
}

Test(borrow, zero_bytes_are_not_borrowed)
{
    weft_borrow b = {0};
    cr_assert_str_empty(said(exclude, &b).message);
    cr_assert_str_eq(said(require, &b).message,
                     "list_at: called without a borrow (weft_borrow_begin)");
    cr_assert_str_eq(said(end, &b).message,
                     "weft_borrow_end: nothing is borrowed");
}

Test(borrow, nothing_moves_while_it_lasts)
{
    weft_borrow b = {0};
    weft_borrow_begin(&b);
    weft_panic_info required = said(require, &b);
    weft_panic_info excluded = said(exclude, &b);
    weft_borrow_end(&b);
    cr_assert_str_empty(required.message);
    cr_assert_str_eq(
        excluded.message,
        "list_push: a reference into the container is borrowed (1)");
    cr_assert_str_empty(said(exclude, &b).message);
}

static void two_ends(weft_borrow *b) WEFT_UNCHECKED;
static void two_ends(weft_borrow *b)
{
    weft_borrow_begin(b);
    weft_borrow_begin(b);
    weft_borrow_end(b);
    cr_assert_str_not_empty(said(exclude, b).message);
    weft_borrow_end(b);
    cr_assert_str_empty(said(exclude, b).message);
}

Test(borrow, nests)
{
    weft_borrow b = {0};
    two_ends(&b);
}

static void free_list(weft_borrow **b)
{
    weft_borrow_excluded(*b, "list_free");
}

static void fall_and_free(void *arg)
{
    weft_borrow *list WEFT_CLEANUP(free_list) = arg;
    begin_and_fall(list);
}

Test(borrow, a_panic_may_free_what_it_left_borrowed)
{
    weft_borrow b = {0};
    cr_assert_str_eq(said(fall_and_free, &b).message,
                     "fell with a reference in its hand");
    cr_assert_str_not_empty(said(exclude, &b).message);
}
