/* How long to spin before sleeping: the one policy for short waits.
 *
 *     wefti_backoff pause = WEFTI_BACKOFF_INIT;
 *     while (!ready() && wefti_backoff_spin(&pause)) {}
 *     if (!ready()) sleep();
 *
 * Bounded: 63 pauses in all, in runs that double: a microsecond or a few, as
 * the processor pauses. */
#ifndef WEFT_SRC_BASE_BACKOFF_H
#define WEFT_SRC_BASE_BACKOFF_H

#include <weft/base/atomic.h>

typedef struct wefti_backoff {
    uint32_t round;
} wefti_backoff;

#define WEFTI_BACKOFF_INIT \
    {                      \
        0                  \
    }

/* How often to look again before sleeping, or how long. Under the explorer
 * not at all: a pause only repeats what was seen. */
#ifdef WEFT_MODEL
#define WEFTI_PATIENCE(n) 0
#else
#define WEFTI_PATIENCE(n) (n)
#endif

enum { WEFTI_BACKOFF_ROUNDS = WEFTI_PATIENCE(6) };

/* Pause for twice as long as the time before. false: enough, sleep now. */
static inline bool wefti_backoff_spin(wefti_backoff *b)
{
    if (b->round == WEFTI_BACKOFF_ROUNDS) {
        return false;
    }
    for (uint32_t i = 0; i < (1u << b->round); i++) {
        wefti_spin_hint();
    }
    b->round++;
    return true;
}

#endif
