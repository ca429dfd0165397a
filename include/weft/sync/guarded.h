/* A mutex that owns its data. */
#ifndef WEFT_SYNC_GUARDED_H
#define WEFT_SYNC_GUARDED_H

#include <weft/sync/mutex.h>

/* WEFT_MUTEX_DEFINE(NAME, T); makes the type NAME: a T behind a mutex, on the
 * mutex's own cache line, that cannot be named without the lock. Touching the
 * field is a diagnostic of every compiler; NAME_get wants a guard, and clang's
 * -Wthread-safety checks that the guard is held. All-zero bytes are an open
 * mutex around a zero T; WEFT_MUTEX_STATIC(NAME, variable, value); defines a
 * static one with another value.
 *
 *     WEFT_MUTEX_DEFINE(bank, account);
 *     WEFT_MUTEX_STATIC(bank, shared, {.balance = 100});
 *
 *     WEFT_LOCK(bank, g, &shared) { bank_get(&g)->balance += 10; }
 *
 *     bank_guard g;
 *     if (bank_lock(&shared, &g) != WEFT_OK) return;
 *     bank_get(&g)->balance -= 10;
 *     bank_unlock(&g);
 *
 * Generated, each with the contract of its twin in mutex.h:
 *   void        NAME_init(NAME *, T value)
 *   weft_status NAME_lock(NAME *, NAME_guard *), NAME_lock_try, NAME_lock_until
 *   weft_status NAME_recover(NAME *, NAME_guard *), _try, _until
 *   void        NAME_unlock(NAME_guard *)
 *   bool        NAME_is_poisoned(const NAME *)
 *   void        NAME_clear_poison(NAME *)
 *   T          *NAME_get(NAME_guard *)         valid until the guard is dropped
 *   T          *NAME_get_unshared(NAME *)      for the only user, before the
 *                                              first share or after the last
 * A guard may be moved, not copied. */
#define WEFT_MUTEX_STATIC(NAME, var, ...)             \
    WEFT_PRIVATE_BEGIN                                \
    static NAME var = {WEFT_MUTEX_INIT, __VA_ARGS__}; \
    WEFT_PRIVATE_END                                  \
    WEFT_NEEDS_SEMICOLON

#define WEFT_MUTEX_DEFINE(NAME, T)                                            \
    WEFT_PRIVATE_BEGIN                                                        \
    typedef struct NAME {                                                     \
        weft_mutex mutex;                                                     \
        T weft_data_ WEFT_PRIVATE_FIELD("it is protected by the mutex: lock " \
                                        "it and use " #NAME "_get(&guard)");  \
    } NAME;                                                                   \
    WEFTI_GUARD_DEFINE(NAME, WEFTI_MUTEX_INSIDE)                              \
    WEFTI_GUARDED_FORM(NAME, lock, (NAME * m, NAME##_guard * g), (&m->mutex)) \
    WEFTI_GUARDED_FORM(NAME, lock_try, (NAME * m, NAME##_guard * g),          \
                       (&m->mutex))                                           \
    WEFTI_GUARDED_FORM(NAME, lock_until,                                      \
                       (NAME * m, NAME##_guard * g, weft_deadline d),         \
                       (&m->mutex, d))                                        \
    WEFTI_GUARDED_FORM(NAME, recover, (NAME * m, NAME##_guard * g),           \
                       (&m->mutex))                                           \
    WEFTI_GUARDED_FORM(NAME, recover_try, (NAME * m, NAME##_guard * g),       \
                       (&m->mutex))                                           \
    WEFTI_GUARDED_FORM(NAME, recover_until,                                   \
                       (NAME * m, NAME##_guard * g, weft_deadline d),         \
                       (&m->mutex, d))                                        \
    WEFT_ALWAYS_INLINE void NAME##_unlock(NAME##_guard *g) WEFT_RELEASES(*g); \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE void NAME##_unlock(NAME##_guard *g)     \
    {                                                                         \
        wefti_guard_check(g->mutex != NULL, #NAME "_unlock");                 \
        NAME##_guard_drop(g);                                                 \
    }                                                                         \
    WEFT_INLINE void NAME##_init(NAME *m, T value)                            \
    {                                                                         \
        weft_mutex_init(&m->mutex);                                           \
        m->weft_data_ = value;                                                \
    }                                                                         \
    WEFT_INLINE bool NAME##_is_poisoned(const NAME *m)                        \
    {                                                                         \
        return weft_mutex_is_poisoned(&m->mutex);                             \
    }                                                                         \
    WEFT_INLINE void NAME##_clear_poison(NAME *m)                             \
    {                                                                         \
        weft_mutex_clear_poison(&m->mutex);                                   \
    }                                                                         \
    WEFT_ALWAYS_INLINE T *NAME##_get(NAME##_guard *g) WEFT_REQUIRES(*g);      \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE T *NAME##_get(NAME##_guard *g)          \
    {                                                                         \
        wefti_guard_check(g->mutex != NULL, #NAME "_get");                    \
        return &g->mutex->weft_data_;                                         \
    }                                                                         \
    WEFT_INLINE T *NAME##_get_unshared(NAME *m)                               \
    {                                                                         \
        return &m->weft_data_;                                                \
    }                                                                         \
    WEFT_PRIVATE_END                                                          \
    WEFT_NEEDS_SEMICOLON

#define WEFTI_MUTEX_INSIDE(m) (&(m)->mutex)

#define WEFTI_GUARDED_FORM(NAME, FORM, PARAMS, ARGS)                   \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status NAME##_##FORM PARAMS \
        WEFT_ACQUIRES_IF(0, *g);                                       \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE weft_status NAME##_##FORM PARAMS \
    {                                                                  \
        WEFTI_CHECKED(wefti_checked_name(&m->mutex, #NAME));           \
        weft_status status = weft_mutex_##FORM ARGS;                   \
        g->mutex = status == WEFT_OK ? m : NULL;                       \
        return status;                                                 \
    }

WEFT_ALWAYS_INLINE void wefti_guard_check(bool held, const char *call)
{
    if (WEFT_UNLIKELY(!held)) {
        weft_panic("%s: the guard does not hold the lock", call);
    }
}

#endif
