/* A test that ends in a signal. */
// expect: Crashing: 1
#include <signal.h>

#include <criterion/criterion.h>

Test(planted, crash)
{
    raise(SIGKILL);
}
