/* Pools of one's own, with guests that come and go, and the default one, which
 * several threads find at once.
 * planted 1: guests_meet_here */
#include <weft/weft.h>

#include <pthread.h>
#include <sched.h>

static weft_pool *pool;
static long met;

WEFT_TASK(long, down, long, n)
{
    if (n == 0) {
        return 0;
    }
    weft_fork(down, rest, n - 1);
    (void)sched_yield();
    return weft_join(down, rest) + 1;
}

__attribute__((noinline)) static void guests_meet_here(void)
{
    met++;
}

static void work(void *arg)
{
    *(long *)arg = down(20);
    if (PLANTED == 1) {
        guests_meet_here();
    }
}

static void *visit(void *arg)
{
    long result = 0;
    (void)arg;
    for (int i = 0; i < 20; i++) {
        weft_require(weft_pool_install(pool, work, &result) == WEFT_OK);
        weft_require(result == 20 && down(20) == 20);
    }
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        pthread_t t[3];
        weft_pool_config config = {.workers = 3};
        weft_require(weft_pool_create(&pool, &config) == WEFT_OK);
        for (int k = 0; k < 3; k++) {
            weft_require(pthread_create(&t[k], NULL, visit, NULL) == 0);
        }
        for (int k = 0; k < 3; k++) {
            weft_require(pthread_join(t[k], NULL) == 0);
        }
        weft_pool_free(pool);
    }
    guests_meet_here();
    return 0;
}
