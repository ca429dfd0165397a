/* An arc: a value that threads own together, and that dies with its last
 * owner. */
#ifndef WEFT_MEM_ARC_H
#define WEFT_MEM_ARC_H

#include <weft/base/atomic.h>
#include <weft/base/send.h>
#include <weft/mem/counted.h>

WEFT_BEGIN_DECLS

/* WEFT_ARC_DEFINE(name, T): `name` is a handle on a shared T, as a key is to a
 * room: cut as many as you like, and whoever gives back the last one turns off
 * the light. WEFT_ARC_DEFINE_DROP(name, T, drop_fn) calls drop_fn(T *) then.
 * What is shared is read-only: a T that changes brings its own lock or atomics.
 * `name_weak` is a handle that does not keep the value alive: the way back
 * from child to parent, where two strong ones would keep each other for ever.
 *
 * Storage   a handle is one pointer in the caller's storage; all-zero bytes
 *           are an empty one. Copying a handle's bytes is not a clone: hand it
 *           on with _move, which empties the source. The value lives in one
 *           allocation, which stays until the last weak handle is gone too.
 * Threads   any, each with handles of its own. The calls that take a const
 *           handle may share one; those that take a plain one may not.
 *           An arc is sendable because T is; T must be declared so (WEFT_SEND,
 *           one identifier). A T that is not belongs in an rc.
 * Ordering  everything done through any handle happens before drop_fn, before
 *           get_mut's pointer, and before unwrap_try's copy.
 * Panic     using an empty handle, and one clone more than WEFT_COUNTED_MAX,
 *           panic. If drop_fn panics, the memory is freed all the same, and
 *           what drop_fn had not yet released leaks.
 *
 * None of the calls blocks. create allocates; nothing else does. _drop frees.
 *
 *     typedef struct route { int hops; const char *via; } route;
 *     WEFT_SEND(route);
 *     WEFT_ARC_DEFINE(shared_route, route);
 *
 *     WEFT_AUTO(shared_route, mine);             // dropped at end of block
 *     if (shared_route_create(&mine, r) != WEFT_OK) {
 *         return WEFT_NO_MEMORY;                 // r is still ours
 *     }
 *     shared_route theirs;
 *     shared_route_clone(&theirs, &mine);
 *     send(shared_route_move(&theirs));          // invariant: a route never
 *     print(shared_route_get(&mine)->hops);      // changes once it is shared
 *
 * The calls, by what follows name_ or name_weak_ (H is either type). The
 * handle that is being made comes first.
 *
 *     void clone(H *out, const H *a)   one more handle on the same value
 *     H    move(H *a)                  a's handle, to pass by value; empties a
 *     void drop(H *a)                  give it back; empties a
 *     void drop_auto(H *a)             drop it unless empty: see WEFT_AUTO
 *     bool ptr_eq(const H *a, const H *b)   the same value, not an equal one
 *     void adopt(const H *a)           panic if empty; clang's analysis then
 *                                      takes a handle from elsewhere for live
 *
 *     weft_status create(name *out, T v)    WEFT_OK: v moved in
 *                                           WEFT_NO_MEMORY: v is yours still
 *     const T *get(const name *a)      good until a is dropped or moved
 *     T *get_mut(name *a)              NULL unless a is the only handle, weak
 *                                      ones included
 *     bool unwrap_try(name *a, T *out) true: a was the only strong handle and
 *                                      is empty; the value is in *out, without
 *                                      drop_fn; no weak handle upgrades now
 *                                      false: nothing changed
 *     void downgrade(name_weak *out, const name *a)
 *     size_t strong_count(const name *a), weak_count(const name *a)
 *                                      hints: others may be changing them
 *
 *     bool weak_upgrade_try(name *out, const name_weak *w)
 *                                      true: out keeps the value alive
 *                                      false: it is gone, and out is empty
 *
 * Source: the counting, and each one's reason for its memory order, is that of
 * Rust's std::sync::Arc; both counts share a word, so that get_mut needs no
 * lock bit. See src/mem/README.md. */
#define WEFT_ARC_DEFINE(name, T)                               \
    typedef T##_is_not_WEFT_SEND name##_is_not_WEFT_SEND;      \
    typedef T##_is_not_WEFT_SEND name##_weak_is_not_WEFT_SEND; \
    WEFTI_COUNTED_DEFINE(weft_arc, name, T, NULL)

#define WEFT_ARC_DEFINE_DROP(name, T, drop_fn)                 \
    typedef T##_is_not_WEFT_SEND name##_is_not_WEFT_SEND;      \
    typedef T##_is_not_WEFT_SEND name##_weak_is_not_WEFT_SEND; \
    WEFT_INLINE void name##_wefti_drop(void *value)            \
    {                                                          \
        drop_fn((T *)value);                                   \
    }                                                          \
    WEFTI_COUNTED_DEFINE(weft_arc, name, T, name##_wefti_drop)

/* WEFT_ARC_SYNC(name, T); adds
 *
 *     T *get_sync(const name *a)       the value, to be changed while shared
 *
 * for a T that synchronises itself: each field is atomic, or owned by a lock of
 * the value, or constant since create. It stands beside WEFT_ARC_DEFINE, so
 * that the promise is made once, by whoever wrote T, and not at each use. */
#define WEFT_ARC_SYNC(name, T)                                   \
    WEFT_NODISCARD WEFT_INLINE T *name##_get_sync(const name *a) \
        WEFT_REQUIRES_SHARED(*a);                                \
    WEFT_INLINE T *name##_get_sync(const name *a)                \
    {                                                            \
        return WEFTI_COUNTED_OF(name, T, a);                     \
    }                                                            \
    WEFT_NEEDS_SEMICOLON

/* ------------------------------------------------------------ untyped core
 * A reference is the value's address itself, never NULL; whoever holds one
 * keeps count. The calls mean what their typed namesakes mean. */

/* Memory for a value, uninitialised, with one strong reference. NULL: out of
 * memory. An alignment that is no power of two panics. */
WEFT_API WEFT_NODISCARD void *weft_arc_create(const weft_counted_type *type);

/* The value if it is still alive, with one strong reference more, else NULL. */
WEFT_API WEFT_NODISCARD void *weft_arc_weak_upgrade_try(void *value);

/* true: the reference is gone and *out holds the value. */
WEFT_API WEFT_NODISCARD bool weft_arc_unwrap_try(void *value, void *out);

/* The header of an arc. `counts`: strong references in the low half; in the
 * high half the weak ones, plus one that all strong ones hold together. */
typedef struct wefti_arc {
    WEFT_ATOMIC(uint64_t) counts;
    const weft_counted_type *type; /* constant after create */
} wefti_arc;
WEFT_STATIC_ASSERT(sizeof(wefti_arc) <= WEFTI_COUNTED_HEADER, "it is 16");

#define WEFTI_ARC_STRONG ((uint64_t)1)
#define WEFTI_ARC_WEAK ((uint64_t)1 << 32)

WEFT_API WEFT_COLD void wefti_arc_destroy(void *value);
WEFT_API WEFT_COLD void wefti_arc_free(void *value);
WEFT_API WEFT_NORETURN WEFT_COLD void wefti_arc_overflow(void *value,
                                                         uint64_t added);

WEFT_ALWAYS_INLINE wefti_arc *wefti_arc_of(void *value)
{
    return (wefti_arc *)(void *)((char *)value - WEFTI_COUNTED_HEADER);
}
WEFT_ALWAYS_INLINE uint32_t wefti_arc_strong(uint64_t counts)
{
    return (uint32_t)counts;
}
WEFT_ALWAYS_INLINE uint32_t wefti_arc_weak(uint64_t counts)
{
    return (uint32_t)(counts >> 32);
}

WEFT_INLINE void *weft_arc_clone(void *value)
{
    /* relaxed: the caller's own reference keeps the value alive, and whoever
     * hands over the new one orders what is behind it. */
    const uint64_t before =
        wefti_add_relaxed(&wefti_arc_of(value)->counts, WEFTI_ARC_STRONG);
    if (WEFT_UNLIKELY(wefti_arc_strong(before) >= WEFT_COUNTED_MAX)) {
        wefti_arc_overflow(value, WEFTI_ARC_STRONG);
    }
    return value;
}

WEFT_INLINE void weft_arc_drop(void *value)
{
    /* release [arc.last]: hands what this owner did with the value to the one
     * that ends it, or that becomes its only owner. */
    const uint64_t before =
        wefti_sub_release(&wefti_arc_of(value)->counts, WEFTI_ARC_STRONG);
    if (WEFT_UNLIKELY(wefti_arc_strong(before) == 1)) {
        wefti_arc_destroy(value);
    }
}

WEFT_NODISCARD WEFT_INLINE void *weft_arc_get_mut(void *value)
{
    /* acquire [arc.last]: receives what former owners did. One word holds both
     * counts, so this is one moment; and while the caller lends out neither
     * handle nor reference, nobody else can end it. */
    const uint64_t now = wefti_load_acquire(&wefti_arc_of(value)->counts);
    return now == (WEFTI_ARC_STRONG | WEFTI_ARC_WEAK) ? value : NULL;
}

/* Also weft_arc_downgrade: a weak reference out of any reference. */
WEFT_INLINE void *weft_arc_weak_clone(void *value)
{
    /* relaxed: the caller's own reference keeps the header alive. */
    const uint64_t before =
        wefti_add_relaxed(&wefti_arc_of(value)->counts, WEFTI_ARC_WEAK);
    if (WEFT_UNLIKELY(wefti_arc_weak(before) >= WEFT_COUNTED_MAX)) {
        wefti_arc_overflow(value, WEFTI_ARC_WEAK);
    }
    return value;
}

WEFT_INLINE void *weft_arc_downgrade(void *value)
{
    return weft_arc_weak_clone(value);
}

WEFT_INLINE void weft_arc_weak_drop(void *value)
{
    /* release [arc.free]: this owner will not touch the header again. */
    const uint64_t before =
        wefti_sub_release(&wefti_arc_of(value)->counts, WEFTI_ARC_WEAK);
    if (WEFT_UNLIKELY(wefti_arc_weak(before) == 1)) {
        wefti_arc_free(value);
    }
}

WEFT_NODISCARD WEFT_INLINE size_t weft_arc_strong_count(void *value)
{
    /* relaxed: a hint. */
    return wefti_arc_strong(wefti_load_relaxed(&wefti_arc_of(value)->counts));
}

WEFT_NODISCARD WEFT_INLINE size_t weft_arc_weak_count(void *value)
{
    /* relaxed: a hint. The caller's strong reference is why one is the one
     * that all strong ones hold. */
    return wefti_arc_weak(wefti_load_relaxed(&wefti_arc_of(value)->counts)) - 1;
}

WEFT_END_DECLS

#endif
