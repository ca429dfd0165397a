/* The lock of a rendezvous, outside of any. Its protocol is explored in
 * tests/model/chan/lock_model.c. */
#include "chan/lock.h"

#include "support/gang.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MEMBERS = 4, ROUNDS = 2000 };

static wefti_lock lock;
static uint32_t value; /* guarded by lock */

Test(lock, zero_bytes_are_a_free_one)
{
    wefti_lock l;
    memset(&l, 0, sizeof l);
    wefti_lock_lock(&l);
    cr_expect_eq(wefti_load_relaxed(&l.word), (uint32_t)WEFTI_LOCK_HELD);
    wefti_lock_unlock(&l);
    cr_expect_eq(wefti_load_relaxed(&l.word), (uint32_t)WEFTI_LOCK_FREE);
}

static void increment(gang_member *me)
{
    (void)me;
    for (int i = 0; i < ROUNDS; i++) {
        wefti_lock_lock(&lock);
        value++;
        wefti_lock_unlock(&lock);
    }
}

Test(lock, excludes)
{
    gang_run(MEMBERS, increment, NULL);
    cr_expect_eq(value, (uint32_t)(MEMBERS * ROUNDS));
    cr_expect_eq(wefti_load_relaxed(&lock.word), (uint32_t)WEFTI_LOCK_FREE);
}
