/* 10. A thread never joined
 *
 * clang-14  safety     mutex 't' is not held on every path through here
 * clang-19  safety     live handle 't' is not held on every path through here
 * all       tsan       thread leak
 */
#include <weft/weft.h>

#include <stdio.h>

static void *work(void *arg)
{
    return arg;
}

static weft_status work_aside(void)
{
    weft_thread t;
    weft_status s = weft_thread_spawn(&t, work, NULL);
    if (s != WEFT_OK) {
        return s;
    }
    puts("it works");
#ifdef FIXED
    return weft_thread_join(&t, NULL);
#else
    return WEFT_OK;
#endif
}

int main(void)
{
    return work_aside() == WEFT_OK ? 0 : 1;
}
