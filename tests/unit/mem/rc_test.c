#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <criterion/criterion.h>

#include <weft/mem/rc.h>

#include "fixture.h"

#include <stdlib.h>

#define SUITE rc
#define DEFINE WEFT_RC_DEFINE
#define DEFINE_DROP WEFT_RC_DEFINE_DROP

static void set_counts(void *value, uint32_t strong, uint32_t weak)
{
    wefti_rc_of(value)->strong = strong;
    wefti_rc_of(value)->weak = weak;
}

#include "scenarios.h"

static void end_text(char **text)
{
    free(*text);
}
WEFT_RC_DEFINE_DROP(text_ref, char *, end_text);

Test(rc, value_may_be_of_a_type_that_cannot_be_sent, .init = set_up)
{
    text_ref a;
    cr_assert_eq(text_ref_create(&a, strdup("weft")), WEFT_OK);
    cr_expect_str_eq(*text_ref_get(&a), "weft");
    text_ref_drop(&a);
    cr_expect_eq(test_alloc_live(), 0);
}
