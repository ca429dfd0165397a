#include <weft/thread/park.h>

#include "base/record.h"
#include "base/sanitizer.h"
#include "thread/state.h"

enum { OS_NAME_SIZE = 16 };

/* A thread that weft did not start ends. */
static void forget_self(void *state)
{
    wefti_thread_set_self(NULL);
    wefti_thread_drop(state);
}

/* Give the running thread, which weft did not start, a state. */
static wefti_thread *adopt_self(void)
{
    char name[OS_NAME_SIZE] = {0};
    (void)pthread_getname_np(pthread_self(), name, sizeof name);
    wefti_thread *state = wefti_thread_create(name, NULL);
    if (state == NULL) {
        return NULL;
    }
    if (!wefti_record_at_exit(forget_self, state)) {
        wefti_thread_drop(state);
        return NULL;
    }
    wefti_thread_set_self(state);
    return state;
}

weft_status weft_thread_current(weft_thread_ref *ref)
{
    wefti_thread *self = wefti_thread_self();
    wefti_tsan_writes(ref, sizeof *ref, WEFTI_CALLER);
    ref->state = self != NULL ? self : adopt_self();
    if (ref->state == NULL) {
        return WEFT_NO_MEMORY;
    }
    wefti_thread_clone(ref->state);
    return WEFT_OK;
}

void weft_thread_ref_of(weft_thread_ref *ref, const weft_thread *t)
{
    if (t->state == NULL) {
        weft_panic("weft_thread_ref_of: the handle is empty: its thread was "
                   "never started, or was already joined or detached");
    }
    wefti_tsan_reads(t, sizeof *t, WEFTI_CALLER);
    wefti_tsan_writes(ref, sizeof *ref, WEFTI_CALLER);
    ref->state = t->state;
    wefti_thread_clone(ref->state);
}

WEFT_ALWAYS_INLINE wefti_thread *named(const weft_thread_ref *ref,
                                       const char *call)
{
    wefti_tsan_reads(ref, sizeof *ref, WEFTI_CALLER);
    if (ref->state == NULL) {
        weft_panic("%s: the ref is empty: it was never made, or was already "
                   "dropped",
                   call);
    }
    return ref->state;
}

void weft_thread_ref_clone(weft_thread_ref *copy, const weft_thread_ref *ref)
{
    wefti_thread *state = named(ref, "weft_thread_ref_clone");
    wefti_thread_clone(state);
    wefti_tsan_writes(copy, sizeof *copy, WEFTI_CALLER);
    copy->state = state;
}

void weft_thread_ref_drop(weft_thread_ref *ref)
{
    wefti_thread *state = named(ref, "weft_thread_ref_drop");
    wefti_tsan_writes(ref, sizeof *ref, WEFTI_CALLER);
    ref->state = NULL;
    wefti_thread_drop(state);
}

void weft_thread_unpark(const weft_thread_ref *ref)
{
    wefti_parker *parker = &named(ref, "weft_thread_unpark")->parker;
    wefti_tsan_release(parker); /* [park.permission] */
    wefti_parker_unpark(parker);
}

void weft_thread_park(void)
{
    wefti_thread *self = wefti_thread_self();
    if (self == NULL) {
        weft_panic("weft_thread_park: nobody can unpark this thread, since no "
                   "weft_thread_ref to it was ever made");
    }
    (void)wefti_parker_park_until(&self->parker, WEFT_FOREVER);
    wefti_tsan_acquire(&self->parker); /* [park.permission] */
}

weft_status weft_thread_park_until(weft_deadline d)
{
    wefti_thread *self = wefti_thread_self();
    if (self == NULL) { /* nobody has a ref: the deadline it will be */
        weft_thread_sleep_until(d);
        return WEFT_TIMEOUT;
    }
    if (!wefti_parker_park_until(&self->parker, d)) {
        return WEFT_TIMEOUT;
    }
    wefti_tsan_acquire(&self->parker); /* [park.permission] */
    return WEFT_OK;
}
