#include <weft/weft.h>

static void *nothing(void *arg)
{
    return arg;
}

int main(void)
{
    weft_thread t;
    const weft_thread_options named = {.name = "courier"};
    weft_require(weft_thread_spawn_with(&t, &named, nothing, NULL) == WEFT_OK);
#ifdef FIXED
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
#endif
    return 0;
}
