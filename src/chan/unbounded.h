/* A channel that grows: a linked list of blocks of slots. */
#ifndef WEFT_SRC_CHAN_UNBOUNDED_H
#define WEFT_SRC_CHAN_UNBOUNDED_H

#include "chan/flavour.h"

/* A channel of this flavour with all but the counts of chan.c filled in.
 * NULL: out of memory. */
WEFT_NODISCARD struct weft_chan *
wefti_unbounded_create(const weft_chan_type *type);

#endif
