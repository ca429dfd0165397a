#include <criterion/criterion.h>

#include "mem/counted.h"

#include "fixture.h"

static bool blank(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

Test(counted, value_of_any_alignment_lies_behind_its_header, .init = set_up)
{
    for (size_t align = 1; align <= 4096; align *= 2) {
        const weft_counted_type type = {"aligned", 3, align, NULL};
        unsigned char *value = wefti_counted_alloc(&type);
        cr_assert_not_null(value);
        cr_expect_eq((uintptr_t)value % align, 0, "align %zu", align);
        unsigned char *header = value - WEFTI_COUNTED_HEADER;
        cr_expect_eq((uintptr_t)header % sizeof(void *), 0);
        memset(header, 0, WEFTI_COUNTED_HEADER);
        memset(value, 0xff, type.size); /* to its last byte */
        cr_expect(blank(header, WEFTI_COUNTED_HEADER));
        wefti_counted_free(value, &type);
        cr_expect_eq(test_alloc_live(), 0);
        cr_expect_eq(test_alloc_live_bytes(), 0);
    }
}

Test(counted, padding_is_paid_only_beyond_sixteen, .init = set_up)
{
    const struct {
        size_t align;
        size_t bytes;
    } expected[] = {{1, 16 + 32}, {16, 16 + 32}, {32, 32 + 32}, {64, 64 + 32}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const weft_counted_type type = {"t", 32, expected[i].align, NULL};
        void *value = wefti_counted_alloc(&type);
        cr_assert_not_null(value);
        cr_expect_eq(test_alloc_live_bytes(), expected[i].bytes);
        wefti_counted_free(value, &type);
    }
}

static void alloc_and_free(void *type)
{
    wefti_counted_free(wefti_counted_alloc(type), type);
}

Test(counted, alignment_that_is_no_power_of_two_panics, .init = set_up)
{
    weft_counted_type type = {"odd", 8, 24, NULL};
    cr_expect(panics(alloc_and_free, &type, "no power of two"));
    type.align = 0;
    cr_expect(panics(alloc_and_free, &type, "no power of two"));
    cr_expect_eq(test_alloc_calls(), 0);
}

Test(counted, size_beyond_the_address_space_is_out_of_memory, .init = set_up)
{
    const weft_counted_type type = {"huge", SIZE_MAX - 8, 8, NULL};
    cr_expect_null(wefti_counted_alloc(&type));
    cr_expect_eq(test_alloc_calls(), 0);
}

Test(counted, failed_allocation_is_out_of_memory, .init = set_up)
{
    const weft_counted_type type = {"t", 8, 8, NULL};
    test_alloc_fail_at(1);
    cr_expect_null(wefti_counted_alloc(&type));
    cr_expect(test_alloc_has_failed());
}
