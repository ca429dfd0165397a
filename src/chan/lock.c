#include "chan/lock.h"

#include "base/backoff.h"
#include "chan/waiter.h"

enum { SPINS = WEFTI_PATIENCE(100) };

#ifdef WEFT_MODEL
bool wefti_lock_is_plain;
#endif

void wefti_lock_slow(wefti_lock *l)
{
    uint32_t turns = 0;
    for (int i = 0; i < SPINS; i++) {
        /* relaxed: a look that does not take the line away. */
        if (wefti_load_relaxed(&l->word) == WEFTI_LOCK_FREE &&
            wefti_lock_take(l)) {
            return;
        }
        wefti_copy_turn(&turns);
    }
    /* acquire [lock.held]: as in wefti_lock_take. */
    while (wefti_swap_acquire(&l->word, WEFTI_LOCK_CROWDED) !=
           WEFTI_LOCK_FREE) {
        wefti_futex_wait(&l->word, WEFTI_LOCK_CROWDED);
    }
}
