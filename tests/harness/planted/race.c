/* Two threads write one variable without an order between them. */
// under: thread
// expect: ThreadSanitizer: data race
#include <criterion/criterion.h>

#include "support/gang.h"

static int shared;

static void write_it(gang_member *me)
{
    shared = (int)me->index;
}

Test(planted, race)
{
    gang_run(2, write_it, NULL);
    cr_assert(shared < 2);
}
