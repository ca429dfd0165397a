#include <weft/weft.h>

WEFT_MUTEX_DEFINE(counter, long);
static counter hits;

static void *hit(void *arg)
{
    WEFT_LOCK(counter, g, arg) {
        ++*counter_get(&g);
    }
    return NULL;
}

int main(void)
{
    weft_thread t;
    weft_require(weft_thread_spawn(&t, hit, &hits) == WEFT_OK);
    WEFT_LOCK(counter, g, &hits) {
        ++*counter_get(&g);
#ifndef FIXED
        weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
#endif
    }
#ifdef FIXED
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
#endif
    return 0;
}
