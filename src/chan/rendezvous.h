/* A channel without room: sender and receiver meet. */
#ifndef WEFT_SRC_CHAN_RENDEZVOUS_H
#define WEFT_SRC_CHAN_RENDEZVOUS_H

#include "chan/flavour.h"

/* A channel of this flavour with all but the counts of chan.c filled in.
 * NULL: out of memory. */
WEFT_NODISCARD struct weft_chan *
wefti_rendezvous_create(const weft_chan_type *type);

#endif
