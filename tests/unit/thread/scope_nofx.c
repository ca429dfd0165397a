#include "scope_nofx.h"

#include <weft/thread/scope.h>

#include <string.h>

__attribute__((noinline)) void borrow_and_leave(void (*work)(void *arg),
                                                void (*leave)(void))
{
    volatile int local[64] = {0};
    WEFT_SCOPE(s) {
        weft_require(weft_scope_spawn(&s, work, (void *)(uintptr_t)local) ==
                     WEFT_OK);
        leave();
    }
}

__attribute__((noinline)) void trample(void)
{
    volatile char junk[8192];
    memset((void *)(uintptr_t)junk, 0x5a, sizeof junk);
}
