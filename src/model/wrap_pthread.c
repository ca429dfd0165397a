/* pthreads, in place of the C library's. What only names or configures real
 * threads does nothing in an execution. */
#include "model/explorer.h"
#include "model/memory.h"
#include "model/real.h"

#include <errno.h>
#include <stdio.h>
#include <unwind.h>

#define HERE __builtin_return_address(0)

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __wrap_pthread_join(pthread_t thread, void **result);
void __wrap_pthread_exit(void *result) __attribute__((noreturn));
int __wrap_pthread_detach(pthread_t thread);
int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before);
int __wrap_pthread_setname_np(pthread_t thread, const char *name);
int __wrap_pthread_getname_np(pthread_t thread, char *name, size_t size);
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                          void (*child)(void));
int __wrap_pthread_once(pthread_once_t *once, void (*run)(void));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destroy)(void *));
int __wrap_pthread_key_delete(pthread_key_t key);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
void *__wrap_pthread_getspecific(pthread_key_t key);
int __wrap_pthread_mutex_init(pthread_mutex_t *m,
                              const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *m);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *m);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);
void __wrap__pthread_cleanup_push(void *handler, void (*run)(void *),
                                  void *arg);
void __wrap__pthread_cleanup_pop(void *handler, int execute);

/* ----------------------------------------------------------------- threads */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_create(thread, attr, run, arg);
    }
    wefti_start start = {.run_with_result = run, .arg = arg};
    uint32_t t = wefti_explorer_spawn(&start, HERE);
    wefti_memory_write((uintptr_t)thread, sizeof *thread, HERE);
    *thread = (pthread_t)wefti_explorer_pthread(t);
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_join(thread, result);
    }
    uint32_t t = 0;
    while (t < wefti_explorer_thread_count() &&
           wefti_explorer_pthread(t) != (uint64_t)thread) {
        t++;
    }
    if (t == wefti_explorer_thread_count()) {
        weft_model_fail("pthread_join of no thread");
    }
    void *value = wefti_explorer_join(t, HERE);
    if (result != NULL) {
        *result = value;
    }
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_detach(pthread_t thread)
{
    return wefti_explored ? 0 : __real_pthread_detach(thread);
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    return wefti_explored ? 0 : __real_pthread_sigmask(how, set, before);
}

int __wrap_pthread_setname_np(pthread_t thread, const char *name)
{
    return wefti_explored ? 0 : __real_pthread_setname_np(thread, name);
}

int __wrap_pthread_getname_np(pthread_t thread, char *name, size_t size)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_getname_np(thread, name, size);
    }
    (void)snprintf(name, size, "T%u", weft_model_self());
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                          void (*child)(void))
{
    return wefti_explored ? 0 : __real_pthread_atfork(prepare, parent, child);
}

static void note_write(const void *at, size_t size)
{
    (void)wefti_explorer_enter();
    wefti_memory_keep(at, size);
    wefti_explorer_leave();
}

/* The older kind of cleanup handlers. glibc's own list of them belongs to the
 * thread whose storage is borrowed. */
typedef struct handler {
    void (*run)(void *arg);
    void *arg;
    void *unused; /* the kind of cancellation */
    struct handler *older;
} handler;

static handler *handlers[WEFTI_MODEL_THREADS];

void __wrap__pthread_cleanup_push(void *place, void (*run)(void *), void *arg)
{
    if (!wefti_explored) {
        __real__pthread_cleanup_push(place, run, arg);
        return;
    }
    handler **newest = &handlers[weft_model_self()];
    note_write(place, sizeof(handler));
    note_write(newest, sizeof(void *));
    *(handler *)place = (handler){run, arg, NULL, *newest};
    *newest = place;
}

void __wrap__pthread_cleanup_pop(void *place, int execute)
{
    if (!wefti_explored) {
        __real__pthread_cleanup_pop(place, execute);
        return;
    }
    const handler h = *(handler *)place;
    handler **newest = &handlers[weft_model_self()];
    note_write(newest, sizeof(void *));
    *newest = h.older;
    if (execute) {
        h.run(h.arg);
    }
}

/* NOLINTNEXTLINE(readability-function-size): the unwinder's interface */
static _Unwind_Reason_Code go_on(int version, _Unwind_Action actions,
                                 _Unwind_Exception_Class kind,
                                 struct _Unwind_Exception *exception,
                                 struct _Unwind_Context *frame, void *result)
{
    (void)version;
    (void)kind;
    (void)exception;
    (void)frame;
    if ((actions & _UA_END_OF_STACK) != 0) {
        wefti_explorer_exit(result);
    }
    return _URC_NO_REASON;
}

/* Unwind the stack, so that cleanups run. The older handlers all go first,
 * where glibc runs each as its frame is left. */
void __wrap_pthread_exit(void *result)
{
    if (!wefti_explored) {
        __real_pthread_exit(result);
    }
    for (handler *h; (h = handlers[weft_model_self()]) != NULL;) {
        __wrap__pthread_cleanup_pop(h, 1);
    }
    static struct _Unwind_Exception exits[WEFTI_MODEL_THREADS];
    struct _Unwind_Exception *exit = &exits[weft_model_self()];
    *exit = (struct _Unwind_Exception){0};
    (void)_Unwind_ForcedUnwind(exit, go_on, result);
    wefti_explorer_exit(result); /* a frame has no unwind tables */
}

/* ------------------------------------------------------- thread-local values
 */

enum { KEYS = 32, ROUNDS = 4 };

/* Written like any variable of the program, so that they are put back. */
static struct {
    bool made;
    void (*destroy)(void *);
} keys[KEYS];
static void *values[KEYS][WEFTI_MODEL_THREADS];

static void destroy_values(void)
{
    uint32_t t = weft_model_self();
    bool more = true;
    for (int round = 0; more && round < ROUNDS; round++) {
        more = false;
        for (int k = 0; k < KEYS; k++) {
            void *value = values[k][t];
            values[k][t] = NULL;
            if (keys[k].made && keys[k].destroy != NULL && value != NULL) {
                more = true;
                keys[k].destroy(value);
            }
        }
    }
}

__attribute__((constructor)) static void install(void)
{
    wefti_explorer_at_exit = destroy_values;
}

int __wrap_pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
    if (!wefti_explored) {
        return __real_pthread_key_create(key, destroy);
    }
    for (unsigned k = 0; k < KEYS; k++) {
        if (!keys[k].made) {
            note_write(&keys[k], sizeof keys[k]);
            keys[k].made = true;
            keys[k].destroy = destroy;
            *key = k;
            return 0;
        }
    }
    return EAGAIN;
}

int __wrap_pthread_key_delete(pthread_key_t key)
{
    if (!wefti_explored) {
        return __real_pthread_key_delete(key);
    }
    note_write(&keys[key], sizeof keys[key]);
    keys[key].made = false;
    return 0;
}

int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    if (!wefti_explored) {
        return __real_pthread_setspecific(key, value);
    }
    if (key >= KEYS || !keys[key].made) {
        return EINVAL;
    }
    void **at = &values[key][weft_model_self()];
    note_write(at, sizeof *at);
    *at = (void *)(uintptr_t)value;
    return 0;
}

void *__wrap_pthread_getspecific(pthread_key_t key)
{
    if (!wefti_explored) {
        return __real_pthread_getspecific(key);
    }
    return key < KEYS ? values[key][weft_model_self()] : NULL;
}

/* ------------------------------------------------------------ mutex and once
 */

/* The first 4 bytes of a pthread_mutex_t or a pthread_once_t. */
enum { FREE = 0, BUSY = 1, DONE = 2 };

static wefti_access word_at(const void *object, wefti_order order,
                            const void *pc)
{
    return (wefti_access){(uintptr_t)object, sizeof(uint32_t), order, pc};
}

/* `while_one`: not before the word is other than BUSY. */
static void announce(wefti_kind kind, const wefti_access *a, bool while_one)
{
    wefti_step s = wefti_step_make(kind, a->pc);
    s.while_one = while_one;
    s.size = a->size;
    s.order = (uint8_t)a->order;
    wefti_step_use_word(&s, a->address, kind != WEFTI_STEP_LOAD);
    wefti_explorer_step(&s);
}

static uint64_t take_if_free(uint64_t old, uint64_t unused)
{
    (void)unused;
    return old == FREE ? BUSY : old;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m,
                              const pthread_mutexattr_t *attr)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_mutex_init(m, attr);
    }
    wefti_memory_write((uintptr_t)m, sizeof(pthread_mutex_t), HERE);
    (void)__real_memset(m, 0, sizeof(pthread_mutex_t));
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
    return wefti_explored ? 0 : __real_pthread_mutex_destroy(m);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_mutex_lock(m);
    }
    wefti_access word = word_at(m, WEFTI_ACQUIRE, HERE);
    announce(WEFTI_STEP_LOCK, &word, true);
    (void)wefti_order_update(&word, take_if_free, 0);
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *m)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_mutex_trylock(m);
    }
    wefti_access word = word_at(m, WEFTI_ACQUIRE, HERE);
    announce(WEFTI_STEP_LOCK, &word, false);
    bool done = wefti_order_update(&word, take_if_free, 0) == FREE;
    wefti_explorer_leave();
    return done ? 0 : EBUSY;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_mutex_unlock(m);
    }
    wefti_access word = word_at(m, WEFTI_RELEASE, HERE);
    announce(WEFTI_STEP_UNLOCK, &word, false);
    wefti_order_store(&word, FREE);
    wefti_explorer_leave();
    return 0;
}

int __wrap_pthread_once(pthread_once_t *once, void (*run)(void))
{
    if (!wefti_explorer_enter()) {
        return __real_pthread_once(once, run);
    }
    wefti_access word = word_at(once, WEFTI_ACQUIRE, HERE);
    if (*(const volatile uint32_t *)(const void *)once == DONE) {
        announce(WEFTI_STEP_LOAD, &word, false);
        (void)wefti_order_load_newest(&word);
        wefti_explorer_leave();
        return 0;
    }
    announce(WEFTI_STEP_LOCK, &word, true);
    if (wefti_order_update(&word, take_if_free, 0) == FREE) {
        wefti_explorer_leave();
        run();
        (void)wefti_explorer_enter();
        word.order = WEFTI_RELEASE;
        announce(WEFTI_STEP_UNLOCK, &word, false);
        wefti_order_store(&word, DONE);
    }
    wefti_explorer_leave();
    return 0;
}
