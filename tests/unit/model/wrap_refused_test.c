/* What the explorer does not know, it says. */
#include "support/model.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t permits;

static void lock_shared(void *unused)
{
    (void)unused;
    pthread_rwlock_rdlock(&lock);
    pthread_rwlock_unlock(&lock);
}

static void post(void *unused)
{
    (void)unused;
    (void)sem_post(&permits);
}

Test(wrap_refused, is_named)
{
    model_breaks(lock_shared, "pthread_rwlock_rdlock is not modelled",
                 .name = "lock");
    model_breaks(post, "sem_post is not modelled", .name = "post");
}

Test(wrap_refused, works_outside)
{
    lock_shared(NULL);
    cr_assert_eq(sem_init(&permits, 0, 0), 0);
    post(NULL);
    cr_assert_eq(sem_trywait(&permits), 0);
}
