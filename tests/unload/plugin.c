/* A plug-in that shares out work on weft's default pool, and has a lock. */
#include <weft/par/task.h>
#include <weft/sync/mutex.h>

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

WEFT_API uint64_t plugin_fib(int n);

uint64_t plugin_fib(int n)
{
    return fib(n);
}

WEFT_API void plugin_lock(void);

void plugin_lock(void)
{
    static weft_mutex mutex;
    WEFT_LOCK(weft_mutex, g, &mutex) {
    }
}
