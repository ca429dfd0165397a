/* What an arc and an rc have in common: a value with a header in front of it,
 * and the typed wrappers around the untyped core.
 *
 *     | padding | header, 16 bytes | value ...
 *                                  ^ what a handle points to
 *
 * The value starts at its own alignment; the padding is there only if that is
 * more than 16. Programs use <weft/mem/arc.h> and <weft/mem/rc.h>. */
#ifndef WEFT_MEM_COUNTED_H
#define WEFT_MEM_COUNTED_H

#include <weft/base/checked.h>
#include <weft/base/own.h>
#include <weft/base/status.h>

#include <string.h>

WEFT_BEGIN_DECLS

/* What the core must know about a type of value. Constant, and alive as long
 * as any value created with it. */
typedef struct weft_counted_type {
    const char *name;          /* of the handle, for messages */
    size_t size;               /* of the value, in bytes */
    size_t align;              /* any power of two */
    void (*drop)(void *value); /* ends a value; NULL: nothing to do */
} weft_counted_type;

/* The most strong references, and the most weak ones, that one value may have.
 * One more is a panic, long before the count could wrap and free a value that
 * is still in use. */
#define WEFT_COUNTED_MAX 0x7fffffffu

/* Bytes between the header's start and the value. */
#define WEFTI_COUNTED_HEADER 16

WEFT_API WEFT_NORETURN WEFT_COLD void
wefti_counted_empty(const weft_counted_type *type);
WEFT_API WEFT_NORETURN WEFT_COLD void
wefti_counted_overflow(const weft_counted_type *type);

/* gcc finds the use of an empty handle at compile time where it can follow the
 * handle, from -O1 on. Sanitizers hide the constant that it would look at. */
#if defined(__OPTIMIZE__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEFTI_COUNTED_SEES_EMPTY(p) __builtin_constant_p((p) == NULL)
#define WEFTI_COUNTED_SAYS(text) __attribute__((warning(text)))
#else
#define WEFTI_COUNTED_SEES_EMPTY(p) 0
#define WEFTI_COUNTED_SAYS(text)
#endif
WEFTI_COUNTED_SAYS("weft: use of a moved-from or dropped handle")
WEFT_API WEFT_NORETURN WEFT_COLD void
wefti_counted_seen_empty(const weft_counted_type *type);

#if WEFT_CHECKED
/* The value of `handle`, which must be neither empty nor a copy of a dropped
 * one. */
WEFT_API void *wefti_counted_checked(void *value, const void *handle,
                                     const weft_counted_type *type);
#endif

/* The value of a handle, which must not be empty. */
WEFT_ALWAYS_INLINE void *wefti_counted_live(void *value,
                                            const weft_counted_type *type)
{
    if (WEFTI_COUNTED_SEES_EMPTY(value) && value == NULL) {
        wefti_counted_seen_empty(type);
    }
    if (WEFT_UNLIKELY(value == NULL)) {
        wefti_counted_empty(type);
    }
    return value;
}

/* The typed handles `name` and `name_weak` over the functions core_...; their
 * contracts stand in arc.h. Each wrapper only adds the type, empties or fills
 * the handle, and tells the analysis of base/own.h what it did. */
#define WEFTI_COUNTED_DEFINE(core, name, T, destroy)                     \
    static const weft_counted_type name##_type WEFT_UNUSED = {           \
        #name, sizeof(T), WEFT_ALIGNOF(T), destroy};                     \
    WEFTI_COUNTED_HANDLE(core, name, T, name, core##_clone, core##_drop) \
    WEFTI_COUNTED_HANDLE(core, name, T, name##_weak, core##_weak_clone,  \
                         core##_weak_drop)                               \
    WEFTI_COUNTED_STRONG(core, name, T)                                  \
    WEFTI_COUNTED_WEAK(core, name, T, name##_weak)                       \
    WEFT_NEEDS_SEMICOLON

/* The live value of handle `h`. */
#if WEFT_CHECKED
#define WEFTI_COUNTED_OF(name, T, h) \
    ((T *)wefti_counted_checked((h)->wefti_value, (h), &name##_type))
#else
#define WEFTI_COUNTED_OF(name, T, h) \
    ((T *)wefti_counted_live((h)->wefti_value, &name##_type))
#endif

/* What strong and weak handles can both do. */
#define WEFTI_COUNTED_HANDLE(core, name, T, handle, do_clone, do_drop)        \
    typedef struct WEFT_HANDLE handle {                                       \
        T *wefti_value; /* NULL: empty */                                     \
    } handle;                                                                 \
                                                                              \
    WEFT_ALWAYS_INLINE void handle##_adopt(const handle *a) WEFT_ASSERTS(*a); \
    WEFT_ALWAYS_INLINE void handle##_adopt(const handle *a)                   \
    {                                                                         \
        (void)WEFTI_COUNTED_OF(name, T, a);                                   \
    }                                                                         \
                                                                              \
    WEFT_ALWAYS_INLINE void handle##_clone(handle *out, const handle *a)      \
        WEFT_REQUIRES_SHARED(*a) WEFT_ASSERTS(*out);                          \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE void handle##_clone(handle *out,        \
                                                          const handle *a)    \
    {                                                                         \
        out->wefti_value = (T *)do_clone(WEFTI_COUNTED_OF(name, T, a));       \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE handle handle##_move(handle *a)         \
        WEFT_RELEASES(*a);                                                    \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE handle handle##_move(handle *a)         \
    {                                                                         \
        handle moved = {WEFTI_COUNTED_OF(name, T, a)};                        \
        a->wefti_value = NULL;                                                \
        WEFTI_CHECKED(wefti_checked_moved(a));                                \
        return moved;                                                         \
    }                                                                         \
                                                                              \
    WEFT_ALWAYS_INLINE void handle##_drop(handle *a) WEFT_RELEASES(*a);       \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE void handle##_drop(handle *a)           \
    {                                                                         \
        do_drop(handle##_move(a).wefti_value);                                \
    }                                                                         \
                                                                              \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE void handle##_drop_auto(handle *a)      \
    {                                                                         \
        if (a->wefti_value != NULL) {                                         \
            handle##_drop(a);                                                 \
        }                                                                     \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE bool handle##_ptr_eq(                   \
        const handle *a, const handle *b) WEFT_REQUIRES_SHARED(*a, *b);       \
    WEFT_ALWAYS_INLINE bool handle##_ptr_eq(const handle *a, const handle *b) \
    {                                                                         \
        return WEFTI_COUNTED_OF(name, T, a) == WEFTI_COUNTED_OF(name, T, b);  \
    }

#define WEFTI_COUNTED_STRONG(core, name, T)                                   \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status name##_create(              \
        name *out, T value) WEFT_ASSERTS(*out);                               \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE weft_status name##_create(name *out,    \
                                                                T value)      \
    {                                                                         \
        out->wefti_value = (T *)core##_create(&name##_type);                  \
        if (out->wefti_value == NULL) {                                       \
            return WEFT_NO_MEMORY;                                            \
        }                                                                     \
        /* not an assignment: T may have constant fields */                   \
        memcpy((void *)out->wefti_value, &value, sizeof value);               \
        return WEFT_OK;                                                       \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE T const *name##_get(const name *a)      \
        WEFT_REQUIRES_SHARED(*a);                                             \
    WEFT_ALWAYS_INLINE T const *name##_get(const name *a)                     \
    {                                                                         \
        return WEFTI_COUNTED_OF(name, T, a);                                  \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE T *name##_get_mut(name *a)              \
        WEFT_REQUIRES(*a);                                                    \
    WEFT_ALWAYS_INLINE T *name##_get_mut(name *a)                             \
    {                                                                         \
        return (T *)core##_get_mut(WEFTI_COUNTED_OF(name, T, a));             \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE bool name##_unwrap_try(name *a, T *out) \
        WEFT_REQUIRES(*a);                                                    \
    WEFT_ALWAYS_INLINE bool name##_unwrap_try(name *a, T *out)                \
    {                                                                         \
        const bool moved =                                                    \
            core##_unwrap_try(WEFTI_COUNTED_OF(name, T, a), out);             \
        a->wefti_value = moved ? NULL : a->wefti_value;                       \
        return moved;                                                         \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE size_t name##_strong_count(             \
        const name *a) WEFT_REQUIRES_SHARED(*a);                              \
    WEFT_ALWAYS_INLINE size_t name##_strong_count(const name *a)              \
    {                                                                         \
        return core##_strong_count(WEFTI_COUNTED_OF(name, T, a));             \
    }                                                                         \
                                                                              \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE size_t name##_weak_count(const name *a) \
        WEFT_REQUIRES_SHARED(*a);                                             \
    WEFT_ALWAYS_INLINE size_t name##_weak_count(const name *a)                \
    {                                                                         \
        return core##_weak_count(WEFTI_COUNTED_OF(name, T, a));               \
    }

#define WEFTI_COUNTED_WEAK(core, name, T, weak)                                \
    WEFT_ALWAYS_INLINE void name##_downgrade(weak *out, const name *a)         \
        WEFT_REQUIRES_SHARED(*a) WEFT_ASSERTS(*out);                           \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE void name##_downgrade(weak *out,         \
                                                            const name *a)     \
    {                                                                          \
        out->wefti_value =                                                     \
            (T *)core##_downgrade(WEFTI_COUNTED_OF(name, T, a));               \
    }                                                                          \
                                                                               \
    WEFT_NODISCARD WEFT_ALWAYS_INLINE bool weak##_upgrade_try(                 \
        name *out, const weak *w) WEFT_REQUIRES_SHARED(*w) WEFT_ASSERTS(*out); \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE bool weak##_upgrade_try(name *out,       \
                                                              const weak *w)   \
    {                                                                          \
        out->wefti_value =                                                     \
            (T *)core##_weak_upgrade_try(WEFTI_COUNTED_OF(name, T, w));        \
        return out->wefti_value != NULL;                                       \
    }

WEFT_END_DECLS

#endif
