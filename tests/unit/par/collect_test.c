/* Collecting loops. */
#include <weft/base/unwind.h>
#include <weft/par/collect.h>
#include <weft/par/pool.h>

#include "support/alloc_fail.h"

#include <criterion/criterion.h>
#include <stdlib.h>

WEFT_PAR_COLLECT(int64_t, even_squares, const int32_t *, v, i)
{
    if (v[i] % 2 == 0) {
        weft_emit((int64_t)v[i] * v[i]);
    }
}

WEFT_PAR_COLLECT(size_t, divisors, const size_t *, unused, i)
{
    (void)unused;
    for (size_t d = 1; d <= i; d++) {
        if (i % d == 0) {
            weft_emit(d);
        }
    }
}

WEFT_PAR_COLLECT(int, panics_at_last, const size_t *, n, i)
{
    weft_emit((int)i);
    if (i == *n - 1) {
        weft_panic("last");
    }
}

Test(collect, keeps_every_value_in_order)
{
    size_t n = 1000003;
    int32_t *v = malloc(n * sizeof *v);
    for (size_t i = 0; i < n; i++) {
        v[i] = (int32_t)(i * 2654435761u) >> 4;
    }
    even_squares_list list;
    cr_assert_eq(even_squares(v, n, &list), WEFT_OK);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i] % 2 == 0) {
            cr_assert_lt(k, list.count);
            cr_assert_eq(list.items[k++], (int64_t)v[i] * v[i]);
        }
    }
    cr_expect_eq(k, list.count);
    even_squares_free(&list);
    cr_expect_null(list.items);
    free(v);
}

Test(collect, takes_any_number_of_values_an_index)
{
    divisors_list list;
    cr_assert_eq(divisors(NULL, 5000, &list), WEFT_OK);
    size_t k = 0;
    for (size_t i = 0; i < 5000; i++) {
        for (size_t d = 1; d <= i; d++) {
            if (i % d == 0) {
                cr_assert_eq(list.items[k++], d);
            }
        }
    }
    cr_expect_eq(k, list.count);
    divisors_free(&list);
}

Test(collect, gives_an_empty_list_for_nothing)
{
    int32_t odd[3] = {1, 3, 5};
    even_squares_list list;
    cr_assert_eq(even_squares(odd, 3, &list), WEFT_OK);
    cr_expect(list.items == NULL && list.count == 0);
    cr_assert_eq(even_squares(odd, 0, &list), WEFT_OK);
    even_squares_free(&list);
}

Test(collect, reports_every_failed_allocation_and_leaks_nothing)
{
    static int32_t v[40000];
    even_squares_list list;
    test_alloc_install();
    size_t refused = 0;
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        test_alloc_fail_at(k);
        weft_status s = even_squares(v, 40000, &list);
        failed = test_alloc_has_failed();
        test_alloc_fail_at(0);
        if (s == WEFT_OK) { /* or the pool's own, which it can do without */
            cr_assert_eq(list.count, 40000);
            even_squares_free(&list);
        } else {
            cr_assert_eq(s, WEFT_NO_MEMORY);
            cr_assert(list.items == NULL && list.count == 0);
            refused++;
        }
    }
    cr_expect_gt(refused, 2);
    size_t live = test_alloc_live(); /* the default pool, this thread */
    cr_assert_eq(even_squares(v, 40000, &list), WEFT_OK);
    even_squares_free(&list);
    cr_expect_eq(test_alloc_live(), live);
}

static void run_panicking(void *n)
{
    panics_at_last_list list;
    (void)!panics_at_last(n, *(size_t *)n, &list);
}

Test(collect, panic_leaks_nothing)
{
    test_alloc_install();
    size_t sizes[] = {1, 1000, 300000};
    for (int i = 0; i < 3; i++) {
        size_t n = sizes[i];
        cr_expect_eq(weft_catch_unwind(run_panicking, &n, NULL), WEFT_PANICKED);
    }
    size_t live = test_alloc_live(); /* the default pool, this thread */
    size_t n = 300000;
    cr_expect_eq(weft_catch_unwind(run_panicking, &n, NULL), WEFT_PANICKED);
    cr_expect_eq(test_alloc_live(), live);
}
