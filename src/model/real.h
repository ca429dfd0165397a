/* The functions that the explored program's link replaces (--wrap), by the
 * names under which the linker keeps the real ones. */
#ifndef WEFT_SRC_MODEL_REAL_H
#define WEFT_SRC_MODEL_REAL_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **memory, size_t align, size_t size);
void __real_free(void *memory);

void *__real_memcpy(void *to, const void *from, size_t size);
void *__real_memmove(void *to, const void *from, size_t size);
void *__real_memset(void *to, int byte, size_t size);

long __real_syscall(long number, ...);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __real_sched_yield(void);
void __real_abort(void) __attribute__((noreturn));
void __real___assert_fail(const char *text, const char *file, unsigned line,
                          const char *function) __attribute__((noreturn));

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __real_pthread_join(pthread_t thread, void **result);
void __real_pthread_exit(void *result) __attribute__((noreturn));
int __real_pthread_detach(pthread_t thread);
int __real_pthread_sigmask(int how, const sigset_t *set, sigset_t *before);
int __real_pthread_setname_np(pthread_t thread, const char *name);
int __real_pthread_getname_np(pthread_t thread, char *name, size_t size);
int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                          void (*child)(void));
int __real_pthread_once(pthread_once_t *once, void (*run)(void));
int __real_pthread_key_create(pthread_key_t *key, void (*destroy)(void *));
int __real_pthread_key_delete(pthread_key_t key);
int __real_pthread_setspecific(pthread_key_t key, const void *value);
void *__real_pthread_getspecific(pthread_key_t key);
int __real_pthread_mutex_init(pthread_mutex_t *m,
                              const pthread_mutexattr_t *attr);
int __real_pthread_mutex_destroy(pthread_mutex_t *m);
int __real_pthread_mutex_lock(pthread_mutex_t *m);
int __real_pthread_mutex_trylock(pthread_mutex_t *m);
int __real_pthread_mutex_unlock(pthread_mutex_t *m);
int __real_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr);
int __real_pthread_cond_destroy(pthread_cond_t *c);
int __real_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m);
int __real_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  const struct timespec *deadline);
int __real_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  clockid_t clock,
                                  const struct timespec *deadline);
int __real_pthread_cond_signal(pthread_cond_t *c);
int __real_pthread_cond_broadcast(pthread_cond_t *c);
void __real__pthread_cleanup_push(void *handler, void (*run)(void *),
                                  void *arg);
void __real__pthread_cleanup_pop(void *handler, int execute);

#endif
