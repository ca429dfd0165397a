#include "base/asym.h"

#include "base/catch.h"
#include "base/sanitizer.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

bool wefti_asym;

static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

/* Registered once and for all: a forked child inherits it with the memory, and
 * asking again might be answered otherwise, under a filter of system calls
 * say, while other threads are in a duel. */
static void enlist(void)
{
#if !WEFT_TSAN
    if (WEFTI_TSAN_BLIND) {
        return;
    }
    int saved = errno;
    long supported = membarrier(MEMBARRIER_CMD_QUERY);
    wefti_asym = supported > 0 &&
                 (supported & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
                 membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
    errno = saved;
#endif
}

void wefti_asym_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, enlist);
}

/* The frequent side relies on this fence, so there is no going on without it.
 * ENOMEM is the kernel's need of a few bytes for a set of processors. */
void wefti_fence_heavy(void)
{
    if (WEFT_UNLIKELY(!wefti_asym)) {
        return;
    }
    int saved = errno;
    while (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
        if (errno != ENOMEM) {
            wefti_die("the kernel allowed membarrier and now refuses it; a "
                      "filter of system calls must not come after weft's "
                      "first channel or pool");
        }
        (void)sched_yield();
    }
    errno = saved;
}
