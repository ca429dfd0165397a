/* Where a counted value lies in memory, and the panics of arc and rc. */
#include "mem/counted.h"

#include <weft/base/panic.h>

#include "base/alloc.h"
#include "base/checked.h"

/* Both the header and the value are aligned by this: the header ends where
 * the value starts, and its size is a multiple of its own alignment. */
static size_t block_align(const weft_counted_type *type)
{
    const size_t least = WEFT_ALIGNOF(max_align_t);
    return type->align > least ? type->align : least;
}

/* Where the value starts: behind the header, at a multiple of its alignment. */
static size_t value_offset(const weft_counted_type *type)
{
    return type->align > WEFTI_COUNTED_HEADER ? type->align
                                              : WEFTI_COUNTED_HEADER;
}

void *wefti_counted_alloc(const weft_counted_type *type)
{
    if (type->align == 0 || (type->align & (type->align - 1)) != 0) {
        weft_panic("the alignment of %s is %zu, which is no power of two",
                   type->name, type->align);
    }
    const size_t offset = value_offset(type);
    if (type->size > PTRDIFF_MAX - offset) {
        return NULL;
    }
    char *block = (char *)wefti_alloc(offset + type->size, block_align(type));
    return block != NULL ? block + offset : NULL;
}

void wefti_counted_free(void *value, const weft_counted_type *type)
{
    const size_t offset = value_offset(type);
    wefti_free((char *)value - offset, offset + type->size, block_align(type));
}

#if WEFT_CHECKED
/* Both kinds of header end in the type's address, which a tombstone covers. */
void *wefti_counted_checked(void *value, const void *handle,
                            const weft_counted_type *type)
{
    if (value == NULL) {
        weft_panic("use of a moved-from or dropped %s%s", type->name,
                   wefti_emptied_where(handle).text);
    }
    uintptr_t kept;
    memcpy(&kept, (const char *)value - sizeof kept, sizeof kept);
    if (wefti_is_dead(kept)) {
        weft_panic("use of a %s whose value is gone: the last handle on it was "
                   "dropped, and this one is a copy of its bytes; use _clone "
                   "or _move",
                   type->name);
    }
    return value;
}
#endif

void wefti_counted_empty(const weft_counted_type *type)
{
    weft_panic("use of a moved-from or dropped %s", type->name);
}

void wefti_counted_seen_empty(const weft_counted_type *type)
{
    wefti_counted_empty(type);
}

void wefti_counted_overflow(const weft_counted_type *type)
{
    weft_panic("more than %u references to one %s: clones are not dropped",
               WEFT_COUNTED_MAX, type->name);
}
