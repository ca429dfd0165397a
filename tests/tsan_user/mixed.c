/* A program of its own: POSIX threads and their mutex beside weft's, the same
 * data under one after the other, and a condition variable.
 * planted 1: under_the_wrong_lock */
#include <weft/weft.h>

#include <pthread.h>

static pthread_mutex_t theirs = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static weft_mutex ours;
static long under_ours, under_theirs;
static bool done;

__attribute__((noinline)) static void under_the_wrong_lock(void)
{
    (void)pthread_mutex_lock(&theirs);
    under_ours++;
    (void)pthread_mutex_unlock(&theirs);
}

static void *work(void *arg)
{
    (void)arg;
    for (int i = 0; i < 500; i++) {
        WEFT_LOCK(weft_mutex, g, &ours) {
            under_ours++;
        }
        (void)pthread_mutex_lock(&theirs);
        under_theirs++;
        (void)pthread_mutex_unlock(&theirs);
        if (PLANTED == 1) {
            under_the_wrong_lock();
        }
    }
    (void)pthread_mutex_lock(&theirs);
    done = true;
    (void)pthread_cond_signal(&changed);
    (void)pthread_mutex_unlock(&theirs);
    return NULL;
}

int main(void)
{
    pthread_t p;
    weft_thread w;
    weft_require(pthread_create(&p, NULL, work, NULL) == 0);
    weft_require(weft_thread_spawn(&w, work, NULL) == WEFT_OK);
    (void)pthread_mutex_lock(&theirs);
    while (!done) {
        (void)pthread_cond_wait(&changed, &theirs);
    }
    (void)pthread_mutex_unlock(&theirs);
    weft_require(weft_thread_join(&w, NULL) == WEFT_OK);
    weft_require(pthread_join(p, NULL) == 0);
    weft_require(under_theirs == 1000);
    under_the_wrong_lock();
    return 0;
}
