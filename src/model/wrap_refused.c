/* What is not modelled must not be called: it would block the one kernel thread
 * that all threads of the program run on, or go unseen. */
#include "model/explorer.h"

#define REFUSED(name)                                     \
    int __wrap_##name(void *a, void *b);                  \
    int __real_##name(void *a, void *b);                  \
    int __wrap_##name(void *a, void *b)                   \
    {                                                     \
        if (wefti_explorer_enter()) {                     \
            weft_model_fail("%s is not modelled", #name); \
        }                                                 \
        return __real_##name(a, b);                       \
    }                                                     \
    int __wrap_##name(void *a, void *b)

REFUSED(pthread_rwlock_rdlock);
REFUSED(pthread_rwlock_wrlock);
REFUSED(pthread_rwlock_tryrdlock);
REFUSED(pthread_rwlock_trywrlock);
REFUSED(pthread_spin_lock);
REFUSED(pthread_spin_trylock);
REFUSED(pthread_barrier_wait);
REFUSED(pthread_mutex_timedlock);
REFUSED(sem_wait);
REFUSED(sem_trywait);
REFUSED(sem_timedwait);
REFUSED(sem_post);
REFUSED(mtx_lock);
REFUSED(mtx_trylock);
REFUSED(mtx_unlock);
REFUSED(cnd_wait);
REFUSED(cnd_timedwait);
REFUSED(call_once);
REFUSED(thrd_join);
REFUSED(fork);
