/* Condition variables of pthreads: a futex that counts signals. */
#include "model/explorer.h"
#include "model/memory.h"
#include "model/real.h"

#include <errno.h>

#define HERE __builtin_return_address(0)

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr);
int __wrap_pthread_cond_destroy(pthread_cond_t *c);
int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  clockid_t clock,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_signal(pthread_cond_t *c);
int __wrap_pthread_cond_broadcast(pthread_cond_t *c);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);

enum { SECOND = 1000000000 };

/* Announce an access to the count, in the first 4 bytes. */
static wefti_access turn_for(wefti_kind kind, pthread_cond_t *c, const void *pc)
{
    wefti_access word = {(uintptr_t)c, sizeof(uint32_t), WEFTI_RELAXED, pc};
    wefti_step s = wefti_step_make(kind, pc);
    s.size = word.size;
    wefti_step_use_word(&s, word.address, kind != WEFTI_STEP_LOAD);
    wefti_explorer_step(&s);
    return word;
}

/* Who is signalled between the unlock and the sleep does not sleep. */
static int wait(pthread_cond_t *c, pthread_mutex_t *m,
                const struct timespec *deadline, const void *pc)
{
    (void)wefti_explorer_enter();
    wefti_access word = turn_for(WEFTI_STEP_LOAD, c, pc);
    uint32_t signals = (uint32_t)wefti_order_load_newest(&word);
    uint64_t until = UINT64_MAX;
    if (deadline != NULL) {
        wefti_memory_read((uintptr_t)deadline, sizeof *deadline, pc);
        until =
            (uint64_t)deadline->tv_sec * SECOND + (uint64_t)deadline->tv_nsec;
    }
    wefti_explorer_leave();
    (void)__wrap_pthread_mutex_unlock(m);
    (void)wefti_explorer_enter();
    int error = wefti_explorer_wait(word.address, signals, until, pc);
    wefti_explorer_leave();
    (void)__wrap_pthread_mutex_lock(m);
    return error == ETIMEDOUT ? ETIMEDOUT : 0;
}

static uint64_t add(uint64_t old, uint64_t operand)
{
    return old + operand;
}

static int signal_to(uint32_t count, pthread_cond_t *c, const void *pc)
{
    wefti_access word = turn_for(WEFTI_STEP_ADD, c, pc);
    (void)wefti_order_update(&word, add, 1);
    (void)wefti_explorer_wake(word.address, count, pc);
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_cond_init(c, attr);
    }
    wefti_memory_write((uintptr_t)c, sizeof(pthread_cond_t), HERE);
    (void)__real_memset(c, 0, sizeof(pthread_cond_t));
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *c)
{
    return wefti_explored ? 0 : __real_pthread_cond_destroy(c);
}

int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
    return wefti_explored ? wait(c, m, NULL, HERE)
                          : __real_pthread_cond_wait(c, m);
}

/* There is one clock. */
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  const struct timespec *deadline)
{
    return wefti_explored ? wait(c, m, deadline, HERE)
                          : __real_pthread_cond_timedwait(c, m, deadline);
}

int __wrap_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  clockid_t clock,
                                  const struct timespec *deadline)
{
    return wefti_explored
               ? wait(c, m, deadline, HERE)
               : __real_pthread_cond_clockwait(c, m, clock, deadline);
}

int __wrap_pthread_cond_signal(pthread_cond_t *c)
{
    return wefti_explorer_enter() ? signal_to(1, c, HERE)
                                  : __real_pthread_cond_signal(c);
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
    return wefti_explorer_enter() ? signal_to(UINT32_MAX, c, HERE)
                                  : __real_pthread_cond_broadcast(c);
}
