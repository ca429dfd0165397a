/* Memory for weft's own objects, by way of the user's allocator. */
#ifndef WEFT_SRC_BASE_ALLOC_H
#define WEFT_SRC_BASE_ALLOC_H

#include <weft/base/alloc.h>

/* `size` bytes (at least 1) aligned to `align`, a power of two; uninitialised.
 * NULL: out of memory. */
WEFT_NODISCARD void *wefti_alloc(size_t size, size_t align);

/* The same, all zero. */
WEFT_NODISCARD void *wefti_alloc_zeroed(size_t size, size_t align);

/* Give back what one of the above returned, with the same size and align.
 * NULL is ignored. */
void wefti_free(void *memory, size_t size, size_t align);

#define WEFTI_NEW(T) ((T *)wefti_alloc_zeroed(sizeof(T), WEFT_ALIGNOF(T)))
#define WEFTI_DELETE(p) \
    wefti_free((p), sizeof *(p), WEFT_ALIGNOF(__typeof__(*(p))))

#endif
