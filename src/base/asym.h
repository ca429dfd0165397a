/* The heavy side of an asymmetric fence; what the pair is for stands in
 * <weft/base/asym.h>. */
#ifndef WEFT_SRC_BASE_ASYM_H
#define WEFT_SRC_BASE_ASYM_H

#include <weft/base/asym.h>

/* Register the process; idempotent, cheap, any thread, before the first duel.
 * A forked child stays registered. */
void wefti_asym_init(void);

/* Full fence on every thread of the process, this one included; nothing if
 * wefti_asym is false. errno is preserved. Aborts if the kernel refuses what it
 * had agreed to. */
void wefti_fence_heavy(void);

#endif
