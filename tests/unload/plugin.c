/* A plug-in that shares out work on weft's default pool. */
#include <weft/par/task.h>

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
