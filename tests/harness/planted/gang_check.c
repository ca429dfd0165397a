/* A check that fails on a thread other than the test's. */
// expect: member 1: me->index == 0
#include <criterion/criterion.h>

#include "support/gang.h"

static void only_the_first(gang_member *me)
{
    gang_check(me, me->index == 0);
}

Test(planted, gang_check)
{
    gang_run(2, only_the_first, NULL);
}
