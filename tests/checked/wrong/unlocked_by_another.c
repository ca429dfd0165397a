#include <pthread.h>
#include <weft/weft.h>

static weft_mutex m;

static void *unlock(void *arg)
{
    weft_mutex_unlock(arg);
    return NULL;
}

int main(void)
{
    (void)pthread_setname_np(pthread_self(), "owner");
    weft_require(weft_mutex_lock(&m) == WEFT_OK);
#ifdef FIXED
    unlock(&m);
#else
    WEFT_ALLOW(WEFT_HELD_JOIN) { /* the thread wants to give the lock back */
        weft_thread t;
        weft_require(weft_thread_spawn(&t, unlock, &m) == WEFT_OK);
        weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
    }
#endif
    return 0;
}
