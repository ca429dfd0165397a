/* What a spin loop has seen. */
#include "model/sight.h"

#include <criterion/criterion.h>

Test(sight, a_store_is_outworn_when_read_twice)
{
    wefti_sights s = {0};
    wefti_sights_add(&s, 64, 5, 0);
    cr_assert_eq(wefti_sights_outworn(&s, 64), 0);
    wefti_sights_add(&s, 64, 5, 0);
    cr_assert_eq(wefti_sights_outworn(&s, 64), 5);
    cr_assert_eq(wefti_sights_outworn(&s, 72), 0);
    wefti_sights_add(&s, 64, 6, 0); /* another one */
    cr_assert_eq(wefti_sights_outworn(&s, 64), 0);
}

Test(sight, a_store_is_outworn_after_a_turn)
{
    wefti_sights s = {0};
    wefti_sights_add(&s, 64, 5, 0);
    wefti_sights_turn(&s);
    cr_assert_eq(wefti_sights_outworn(&s, 64), 5);
    wefti_sights_add(&s, 72, 6, 0);
    wefti_sights_turn(&s); /* the first was not read since */
    cr_assert_eq(wefti_sights_outworn(&s, 64), 0);
    cr_assert_eq(wefti_sights_outworn(&s, 72), 6);
}

Test(sight, the_oldest_is_forgotten)
{
    wefti_sights s = {0};
    for (uint32_t i = 0; i <= WEFTI_SIGHTS; i++) {
        wefti_sights_add(&s, 64 + 8 * (uintptr_t)i, i + 1, 0);
    }
    wefti_sights_turn(&s);
    cr_assert_eq(s.count, WEFTI_SIGHTS);
    cr_assert_eq(wefti_sights_outworn(&s, 64), 0);
    cr_assert_eq(wefti_sights_outworn(&s, 72), 2);
    cr_assert_eq(wefti_sights_outworn(&s, 64 + 8 * WEFTI_SIGHTS),
                 WEFTI_SIGHTS + 1);
}
