/* A channel of fixed capacity, at least 1: a ring of numbered slots. */
#ifndef WEFT_SRC_CHAN_BOUNDED_H
#define WEFT_SRC_CHAN_BOUNDED_H

#include "chan/flavour.h"

/* A channel of this flavour with all but the counts of chan.c filled in.
 * NULL: out of memory, or the size overflows. */
WEFT_NODISCARD struct weft_chan *
wefti_bounded_create(const weft_chan_type *type, size_t capacity);

#endif
