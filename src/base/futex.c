/* Sleeping on a word, over the futex system call of Linux: the only file that
 * issues it. */
#include "base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000 };

/* FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock, so that a
 * wait that is interrupted and resumed does not stretch. */
bool wefti_futex_wait_until(weft_atomic_u32 *word, uint32_t expected,
                            weft_deadline d)
{
    struct timespec until;
    struct timespec *timeout = NULL;
    if (!weft_deadline_is_forever(d)) {
        until.tv_sec = (time_t)(d.ns / NS_PER_S);
        until.tv_nsec = (long)(d.ns % NS_PER_S);
        timeout = &until;
    }
    int saved = errno;
    long result = syscall(SYS_futex, &word->wefti_value,
                          FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
                          timeout, NULL, FUTEX_BITSET_MATCH_ANY);
    bool timed_out = result == -1 && errno == ETIMEDOUT;
    errno = saved;
    return !timed_out;
}

void wefti_futex_wake(const weft_atomic_u32 *word, uint32_t count)
{
    if (count == 0) {
        return; /* the kernel would wake one */
    }
    int saved = errno;
    /* The kernel's count is signed, and it takes a negative one for 1. */
    uint32_t most = count < INT32_MAX ? count : INT32_MAX;
    /* EFAULT is not an error here: the word's memory may be gone. */
    (void)syscall(SYS_futex, &word->wefti_value,
                  FUTEX_WAKE | FUTEX_PRIVATE_FLAG, most, NULL, NULL, 0);
    errno = saved;
}
