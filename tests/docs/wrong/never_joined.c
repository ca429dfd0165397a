#include <weft/weft.h>

static void *work(void *arg)
{
    return arg;
}

int main(void)
{
    weft_thread t;
    if (weft_thread_spawn(&t, work, NULL) != WEFT_OK) {
        return 1;
    }
#ifdef FIXED
    return weft_thread_join(&t, NULL) == WEFT_OK ? 0 : 1;
#else
    return 0;
#endif
}
