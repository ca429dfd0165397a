/* A sum that does not fit its type. */
// under: undefined
// expect: runtime error: signed integer overflow
#include <limits.h>

#include <criterion/criterion.h>

Test(planted, signed_overflow)
{
    volatile int most = INT_MAX;
    most = most + 1;
}
