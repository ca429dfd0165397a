/* The memory of counted values: layout, making and freeing. */
#ifndef WEFT_SRC_MEM_COUNTED_H
#define WEFT_SRC_MEM_COUNTED_H

#include <weft/mem/counted.h>

/* Memory for a header and a value behind it, both uninitialised. Returns the
 * value's address. NULL: out of memory. Panics if the alignment is no power of
 * two. */
WEFT_NODISCARD void *wefti_counted_alloc(const weft_counted_type *type);

/* Give it back. The value is not dropped. */
void wefti_counted_free(void *value, const weft_counted_type *type);

#endif
