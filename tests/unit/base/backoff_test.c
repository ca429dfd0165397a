#include "base/backoff.h"

#include <weft/base/time.h>

#include <criterion/criterion.h>

static uint32_t rounds(wefti_backoff *b)
{
    uint32_t n = 0;
    while (n < 1000 && wefti_backoff_spin(b)) {
        n++;
    }
    return n;
}

Test(backoff, ends_after_its_rounds)
{
    wefti_backoff b = WEFTI_BACKOFF_INIT;
    cr_assert_eq(rounds(&b), WEFTI_BACKOFF_ROUNDS);
}

Test(backoff, stays_at_its_end)
{
    wefti_backoff b = WEFTI_BACKOFF_INIT;
    (void)rounds(&b);
    cr_assert_not(wefti_backoff_spin(&b));
    cr_assert_not(wefti_backoff_spin(&b));
}

Test(backoff, starts_anew_when_initialised)
{
    wefti_backoff b = WEFTI_BACKOFF_INIT;
    (void)rounds(&b);
    b = (wefti_backoff)WEFTI_BACKOFF_INIT;
    cr_assert_eq(rounds(&b), WEFTI_BACKOFF_ROUNDS);
}

/* The best of many, because any one may be interrupted. Fifty times what it
 * takes, and still less than one hand-over of a processor. */
Test(backoff, is_short)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 200; i++) {
        wefti_backoff b = WEFTI_BACKOFF_INIT;
        uint64_t start = weft_now_ns();
        (void)rounds(&b);
        uint64_t took = weft_now_ns() - start;
        best = took < best ? took : best;
    }
    cr_assert_lt(best, 100000);
}
