#include <weft/weft.h>

static void *count(void *arg)
{
    *(int *)arg += 1;
    return NULL;
}

weft_status start(weft_thread *t);

weft_status start(weft_thread *t)
{
#ifdef FIXED
    static int counted;
#else
    int counted = 0;
#endif
    return weft_thread_spawn(t, count, &counted);
}
