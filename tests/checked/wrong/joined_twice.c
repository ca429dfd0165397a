#include <weft/weft.h>

static void *nothing(void *arg)
{
    return arg;
}

static void wait_for(weft_thread *t)
{
    weft_require(weft_thread_join(t, NULL) == WEFT_OK);
}

int main(void)
{
    weft_thread t;
    weft_require(weft_thread_spawn(&t, nothing, NULL) == WEFT_OK);
    wait_for(&t);
#ifndef FIXED
    wait_for(&t);
#endif
    return 0;
}
