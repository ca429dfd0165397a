/* The user's allocator, or malloc. */
#include "base/alloc.h"

#include "base/checked.h"

#include <weft/base/panic.h>

#include <stdlib.h>
#include <string.h>

static void *system_alloc(size_t size, size_t align, void *user)
{
    (void)user;
    if (align <= WEFT_ALIGNOF(max_align_t)) {
        return malloc(size);
    }
    void *memory = NULL;
    return posix_memalign(&memory, align, size) == 0 ? memory : NULL;
}

static void system_free(void *memory, size_t size, size_t align, void *user)
{
    (void)size;
    (void)align;
    (void)user;
    free(memory);
}

static weft_allocator current = {system_alloc, system_free, NULL};

void weft_set_allocator(const weft_allocator *a)
{
    if (a != NULL && (a->alloc == NULL || a->free == NULL)) {
        weft_panic("weft_set_allocator: alloc and free must both be given");
    }
    current =
        a != NULL ? *a : (weft_allocator){system_alloc, system_free, NULL};
}

void *wefti_alloc(size_t size, size_t align)
{
    if (align < sizeof(void *)) {
        align = sizeof(void *);
    }
    return current.alloc(size == 0 ? 1 : size, align, current.user);
}

void *wefti_alloc_zeroed(size_t size, size_t align)
{
    void *memory = wefti_alloc(size, align);
    return memory != NULL ? memset(memory, 0, size) : NULL;
}

void wefti_free(void *memory, size_t size, size_t align)
{
    if (memory == NULL) {
        return;
    }
    if (align < sizeof(void *)) {
        align = sizeof(void *);
    }
#if WEFT_CHECKED
    weft_bury(memory, size);
    if (current.free == system_free) {
        wefti_quarantine(memory, size, align, system_free);
        return;
    }
#endif
    current.free(memory, size == 0 ? 1 : size, align, current.user);
}
