/* The number of a process. */
#include "base/process.h"

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

static int exit_code_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

Test(process, each_fork_on_the_way_counts)
{
    const uint32_t here = wefti_process();
    const pid_t child = fork();
    if (child == 0) {
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            _exit((int)(wefti_process() - here));
        }
        const bool right = exit_code_of(grandchild) == 2;
        _exit(right ? (int)(wefti_process() - here) : 9);
    }
    cr_assert_eq(exit_code_of(child), 1);
    cr_assert_eq(wefti_process(), here);
}
