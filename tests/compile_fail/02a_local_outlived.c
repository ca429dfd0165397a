/* 2. A local that a thread outlives
 *
 * gcc-12    optimised  storing the address of local variable 'counted' in
 *                      'weft_arg_of_a_thread_that_may_outlive_it'
 * clang-14  analyser   Address of stack memory associated with local variable
 *                      'counted' is still referred to by the global variable
 *                      'weft_arg_of_a_thread_that_may_outlive_it'
 * clang-19  analyser   Address of stack memory associated with local variable
 *                      'counted' is still referred to by the global variable
 *                      'weft_arg_of_a_thread_that_may_outlive_it'
 */
#include <weft/weft.h>

static void *count(void *arg)
{
    *(int *)arg += 1;
    return NULL;
}

static weft_status start(weft_thread *t) WEFT_ACQUIRES_IF(0, *t);
static weft_status start(weft_thread *t)
{
#ifdef FIXED
    static int counted;
#else
    int counted = 0;
#endif
    return weft_thread_spawn(t, count, &counted);
}

int main(void)
{
    weft_thread t;
    if (start(&t) != WEFT_OK) {
        return 1;
    }
    return weft_thread_join(&t, NULL) == WEFT_OK ? 0 : 1;
}
