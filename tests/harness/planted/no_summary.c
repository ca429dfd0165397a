/* A program that ends well before it has run anything. */
// expect: 100% tests passed
// passes: ctest
#include <unistd.h>

#include <criterion/criterion.h>

__attribute__((constructor)) static void leave_early(void)
{
    _exit(0);
}

Test(planted, no_summary)
{
    cr_assert(true);
}
