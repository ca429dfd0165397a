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
    weft_status s = weft_thread_join(&t, NULL);
#ifndef FIXED
    s = weft_thread_join(&t, NULL);
#endif
    return s == WEFT_OK ? 0 : 1;
}
