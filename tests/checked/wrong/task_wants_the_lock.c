#include <stdlib.h>
#include <weft/weft.h>

WEFT_MUTEX_DEFINE(counter, long);
static counter hits;
static weft_atomic_bool started;

WEFT_TASK(int, hit, counter *, c)
{
    weft_atomic_bool_store_relaxed(&started, true);
    WEFT_LOCK(counter, g, c) {
        ++*counter_get(&g);
    }
    return 1;
}

int main(void)
{
    (void)setenv("WEFT_NUM_WORKERS", "2", 1);
#ifdef FIXED
    weft_fork(hit, forked, &hits);
#endif
    WEFT_LOCK(counter, g, &hits) {
#ifndef FIXED
        weft_fork(hit, forked, &hits);
#endif
        while (!weft_atomic_bool_load_relaxed(&started)) {
            weft_thread_yield();
        }
#ifndef FIXED
        return weft_join(hit, forked) - 1;
#endif
    }
#ifdef FIXED
    return weft_join(hit, forked) - 1;
#endif
}
