/* An rc: a value with several owners on one thread. */
#ifndef WEFT_MEM_RC_H
#define WEFT_MEM_RC_H

#include <weft/base/send.h>
#include <weft/mem/counted.h>

WEFT_BEGIN_DECLS

/* WEFT_RC_DEFINE(name, T) and WEFT_RC_DEFINE_DROP(name, T, drop_fn) make the
 * handles `name` and `name_weak` on a shared T, with the calls of an arc, each
 * of which means the same (see <weft/mem/arc.h>); they cost a plain addition
 * instead of an atomic one.
 *
 * Storage   as an arc's.
 * Threads   one: all handles on a value stay on the thread that made it. None
 *           of the types is sendable; the compiler refuses to pass one on.
 *           T need not be sendable, nor be a single identifier.
 * Ordering  none is needed; for that reason the counts are exact.
 * Panic     as an arc.
 *
 *     WEFT_RC_DEFINE(shared_node, node);
 *
 *     WEFT_AUTO(shared_node, root);
 *     if (shared_node_create(&root, n) == WEFT_OK) {
 *         // invariant: a root outlives its children
 *         shared_node_clone(&child.parent, &root);
 *     }
 */
#define WEFT_RC_DEFINE(name, T) WEFTI_RC_DEFINE(name, T, NULL)

#define WEFT_RC_DEFINE_DROP(name, T, drop_fn)       \
    WEFT_INLINE void name##_wefti_drop(void *value) \
    {                                               \
        drop_fn((T *)value);                        \
    }                                               \
    WEFTI_RC_DEFINE(name, T, name##_wefti_drop)

#define WEFTI_RC_DEFINE(name, T, destroy)                              \
    WEFT_NOT_SEND(name, "its count is not atomic; use an arc");        \
    WEFT_NOT_SEND(name##_weak, "its count is not atomic; use an arc"); \
    WEFTI_COUNTED_DEFINE(weft_rc, name, T, destroy)

/* ------------------------------------------------------------ untyped core
 * As in arc.h: a reference is the value's address itself, never NULL. */

WEFT_API WEFT_NODISCARD void *weft_rc_create(const weft_counted_type *type);
WEFT_API WEFT_NODISCARD bool weft_rc_unwrap_try(void *value, void *out);

/* The header of an rc. */
typedef struct wefti_rc {
    uint32_t strong;
    uint32_t weak; /* plus one that all strong ones hold together */
    const weft_counted_type *type; /* constant after create */
} wefti_rc;
WEFT_STATIC_ASSERT(sizeof(wefti_rc) <= WEFTI_COUNTED_HEADER, "it is 16");

WEFT_API WEFT_COLD void wefti_rc_destroy(void *value);
WEFT_API WEFT_COLD void wefti_rc_free(void *value);

WEFT_ALWAYS_INLINE wefti_rc *wefti_rc_of(void *value)
{
    return (wefti_rc *)(void *)((char *)value - WEFTI_COUNTED_HEADER);
}

WEFT_INLINE void *weft_rc_clone(void *value)
{
    wefti_rc *r = wefti_rc_of(value);
    if (WEFT_UNLIKELY(r->strong >= WEFT_COUNTED_MAX)) {
        wefti_counted_overflow(r->type);
    }
    r->strong++;
    return value;
}

WEFT_INLINE void weft_rc_drop(void *value)
{
    if (--wefti_rc_of(value)->strong == 0) {
        wefti_rc_destroy(value);
    }
}

WEFT_NODISCARD WEFT_INLINE void *weft_rc_get_mut(void *value)
{
    const wefti_rc *r = wefti_rc_of(value);
    return r->strong == 1 && r->weak == 1 ? value : NULL;
}

WEFT_INLINE void *weft_rc_weak_clone(void *value)
{
    wefti_rc *r = wefti_rc_of(value);
    if (WEFT_UNLIKELY(r->weak >= WEFT_COUNTED_MAX)) {
        wefti_counted_overflow(r->type);
    }
    r->weak++;
    return value;
}

WEFT_INLINE void *weft_rc_downgrade(void *value)
{
    return weft_rc_weak_clone(value);
}

WEFT_INLINE void weft_rc_weak_drop(void *value)
{
    if (--wefti_rc_of(value)->weak == 0) {
        wefti_rc_free(value);
    }
}

WEFT_NODISCARD WEFT_INLINE void *weft_rc_weak_upgrade_try(void *value)
{
    return wefti_rc_of(value)->strong == 0 ? NULL : weft_rc_clone(value);
}

WEFT_NODISCARD WEFT_INLINE size_t weft_rc_strong_count(void *value)
{
    return wefti_rc_of(value)->strong;
}

WEFT_NODISCARD WEFT_INLINE size_t weft_rc_weak_count(void *value)
{
    return wefti_rc_of(value)->weak - 1;
}

WEFT_END_DECLS

#endif
