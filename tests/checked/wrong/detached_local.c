#include <weft/weft.h>

static weft_spinlock busy;

static void *wait(void *arg)
{
    (void)arg;
    WEFT_SPIN(g, &busy) {
    }
    return NULL;
}

static void start(void *arg)
{
    int local = 0;
    weft_thread t;
#ifdef FIXED
    (void)local;
#else
    arg = &local;
#endif
    weft_require(weft_thread_spawn(&t, wait, arg) == WEFT_OK);
    weft_thread_detach(&t);
}

int main(void)
{
    weft_thread t;
    weft_spinlock_lock(&busy);
    start(NULL);
    weft_require(weft_thread_spawn(&t, wait, NULL) == WEFT_OK);
    weft_spinlock_unlock(&busy);
    weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
    return 0;
}
