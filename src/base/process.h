/* Which process this is, as far as forks go. */
#ifndef WEFT_SRC_BASE_PROCESS_H
#define WEFT_SRC_BASE_PROCESS_H

#include <weft/base/atomic.h>

extern weft_atomic_u32 wefti_process_forks;

/* How many forks lie between this process and the one that loaded the library.
 * What was made under another number belongs to threads that are not here. */
static inline uint32_t wefti_process(void)
{
    /* relaxed: written only where there is one thread. */
    return wefti_load_relaxed(&wefti_process_forks);
}

#endif
