/* The parker's word.
 *
 *   EMPTY      no permission, nobody parked
 *   PARKED     the owner sleeps, or is about to
 *   NOTIFIED   a permission waits
 *
 *   EMPTY -> PARKED       park
 *   PARKED -> EMPTY       park that timed out
 *   NOTIFIED -> EMPTY     park
 *   any -> NOTIFIED       unpark
 *
 * Only the owner leaves NOTIFIED or enters PARKED, so it alone can take the
 * permission, and a permission is never lost. A spurious wake-up finds the
 * word still PARKED and sleeps on. Unpark wakes only if it ended PARKED. */
#include "base/park.h"

#include "base/futex.h"

enum { EMPTY = 0, PARKED = 1, NOTIFIED = 2 };

/* Take the permission if it is there, else announce the sleep. */
static bool take_or_announce(wefti_parker *p)
{
    uint32_t seen = EMPTY;
    /* relaxed: announces only; the permission is taken by the swap below. */
    if (wefti_cas_relaxed(&p->state, &seen, PARKED)) {
        return false;
    }
    /* acquire [park.permission]: receives what was written before unpark. */
    (void)wefti_swap_acquire(&p->state, EMPTY);
    return true;
}

bool wefti_parker_park_until(wefti_parker *p, weft_deadline d)
{
    if (take_or_announce(p)) {
        return true;
    }
    for (;;) {
        bool in_time = wefti_futex_wait_until(&p->state, PARKED, d);
        uint32_t seen = NOTIFIED;
        /* acquire [park.permission]: as above. */
        if (wefti_cas_acquire(&p->state, &seen, EMPTY)) {
            return true;
        }
        if (!in_time) {
            /* acquire [park.permission]: unpark may have come just now. */
            return wefti_swap_acquire(&p->state, EMPTY) == NOTIFIED;
        }
    }
}

void wefti_parker_unpark(wefti_parker *p)
{
    /* release [park.permission]: hands over what came before. */
    if (wefti_swap_release(&p->state, NOTIFIED) == PARKED) {
        wefti_futex_wake_one(&p->state);
    }
}
