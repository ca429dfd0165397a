/* The rare halves of an arc: birth, death, upgrade, unwrap. The protocol and
 * its argument stand in README.md. */
#include <weft/mem/arc.h>

#include "base/checked.h"
#include "base/sanitizer.h"
#include "mem/counted.h"

void *weft_arc_create(const weft_counted_type *type)
{
    void *value = wefti_counted_alloc(type);
    if (value != NULL) {
        wefti_arc *a = wefti_arc_of(value);
        a->type = type;
        /* relaxed: nobody else knows of it yet. */
        wefti_store_relaxed(&a->counts, WEFTI_ARC_STRONG | WEFTI_ARC_WEAK);
    }
    return value;
}

void *weft_arc_weak_upgrade_try(void *value)
{
    wefti_arc *a = wefti_arc_of(value);
    /* relaxed: re-checked by the CAS. */
    uint64_t seen = wefti_load_relaxed(&a->counts);
    /* Nothing but this CAS may bring the count up from what was read: an
     * addition could revive a value whose last owner has left.
     * Each failure is another thread's success, so somebody gets on.
     * relaxed: the value has not changed since the weak reference was made,
     * because get_mut refuses while there is one. */
    do {
        if (wefti_arc_strong(seen) == 0) {
            return NULL;
        }
        if (wefti_arc_strong(seen) >= WEFT_COUNTED_MAX) {
            wefti_counted_overflow(a->type);
        }
    } while (!wefti_cas_relaxed(&a->counts, &seen, seen + WEFTI_ARC_STRONG));
    return value;
}

/* Give up the weak reference that the strong ones held together. */
static void drop_common_weak(void **value)
{
    wefti_arc *a = wefti_arc_of(*value);
    /* acquire [arc.free]: if ours is the only reference at all, nobody can
     * make another, and the read spares the subtraction. */
    if (wefti_load_acquire(&a->counts) == WEFTI_ARC_WEAK) {
        wefti_tsan_acquire(&a->counts);
        wefti_counted_free(*value, a->type);
    } else {
        wefti_tsan_release(&a->counts);
        weft_arc_weak_drop(*value);
    }
}

bool weft_arc_unwrap_try(void *value, void *out)
{
    wefti_arc *a = wefti_arc_of(value);
    /* relaxed: re-checked by the CAS. */
    uint64_t seen = wefti_load_relaxed(&a->counts);
    /* acquire [arc.last]: receives what former owners did. Only a weak
     * reference made or dropped meanwhile, or a former owner, makes it fail
     * and try again; an upgrade ends the loop. */
    do {
        if (wefti_arc_strong(seen) != 1) {
            return false;
        }
    } while (!wefti_cas_acquire(&a->counts, &seen, seen - WEFTI_ARC_STRONG));
    wefti_tsan_acquire(&a->counts);
    wefti_tsan_reads(value, a->type->size, WEFTI_CALLER);
    wefti_tsan_deliver(out, value, a->type->size, WEFTI_CALLER);
    drop_common_weak(&value);
    return true;
}

/* The last strong reference is gone: end the value. */
void wefti_arc_destroy(void *value)
{
    wefti_arc *a = wefti_arc_of(value);
    /* acquire [arc.last]: receives what every owner did with the value. */
    (void)wefti_load_acquire(&a->counts);
    wefti_tsan_acquire(&a->counts);
    /* A cleanup, so that the memory goes even if `drop` panics. */
    WEFT_CLEANUP(drop_common_weak) void *block = value;
    if (a->type->drop != NULL) {
        a->type->drop(block);
    }
    WEFTI_CHECKED(weft_bury(block, a->type->size));
}

/* The last reference of any kind is gone. */
void wefti_arc_free(void *value)
{
    wefti_arc *a = wefti_arc_of(value);
    /* acquire [arc.free]: after every other owner's last access. */
    (void)wefti_load_acquire(&a->counts);
    wefti_tsan_acquire(&a->counts);
    wefti_counted_free(value, a->type);
}

void wefti_arc_overflow(void *value, uint64_t added)
{
    wefti_arc *a = wefti_arc_of(value);
    /* relaxed: takes back the caller's own addition; its reference remains. */
    (void)wefti_sub_relaxed(&a->counts, added);
    wefti_counted_overflow(a->type);
}
