/* A test that never ends. */
// expect: watchdog: planted::hang still runs
#include <unistd.h>

#include <criterion/criterion.h>

Test(planted, hang)
{
    for (;;) {
        pause();
    }
}
