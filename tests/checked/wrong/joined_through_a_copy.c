#include <weft/weft.h>

static void *nothing(void *arg)
{
    return arg;
}

int main(void)
{
    weft_thread t;
    weft_require(weft_thread_spawn(&t, nothing, NULL) == WEFT_OK);
    weft_thread copy = t;
#ifdef FIXED
    t = (weft_thread){0};
#else
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
#endif
    weft_require(weft_thread_join(&copy, NULL) == WEFT_OK);
    return 0;
}
