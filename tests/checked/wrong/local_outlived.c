#include <weft/weft.h>

static void *add(void *arg)
{
    ++*(long *)arg;
    return NULL;
}

static void start(weft_thread *t, long *total)
{
#ifndef FIXED
    long counted = 0;
    total = &counted;
#endif
    weft_require(weft_thread_spawn(t, add, total) == WEFT_OK);
}

int main(void)
{
    long total = 0;
    weft_thread t;
    start(&t, &total);
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
    return 0;
}
