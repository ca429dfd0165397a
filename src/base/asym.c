#include "base/asym.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool wefti_asym;

static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

void wefti_asym_init(void)
{
#if !WEFT_TSAN
    long supported = membarrier(MEMBARRIER_CMD_QUERY);
    wefti_asym = supported > 0 &&
                 (supported & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
                 membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
#endif
}

void wefti_fence_heavy(void)
{
    if (WEFT_LIKELY(wefti_asym)) {
        (void)membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    }
}
