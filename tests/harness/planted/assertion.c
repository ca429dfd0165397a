/* A plain failing assertion. */
// expect: one is not two
#include <criterion/criterion.h>

Test(planted, assertion)
{
    cr_assert_eq(1, 2, "one is not two");
}
