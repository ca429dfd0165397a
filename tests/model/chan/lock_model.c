/* The lock of the rendezvous, explored by itself. */
#include "chan/lock.h"

#include "support/model.h"

#include <criterion/criterion.h>

static wefti_lock l;
static uint32_t value; /* guarded by l */

static void increment(void *times)
{
    for (uintptr_t i = (uintptr_t)times; i > 0; i--) {
        wefti_lock_lock(&l);
        value++;
        wefti_lock_unlock(&l);
    }
}

static void two_increment(void *times)
{
    weft_model_name(&l, sizeof l, "lock");
    weft_model_thread t = weft_model_spawn(increment, times);
    increment(times);
    weft_model_join(t);
    weft_model_assert(value == 2 * (uintptr_t)times);
}

static void three_increment(void *unused)
{
    (void)unused;
    weft_model_name(&l, sizeof l, "lock");
    weft_model_thread a = weft_model_spawn(increment, (void *)1);
    weft_model_thread b = weft_model_spawn(increment, (void *)1);
    increment((void *)1);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(value == 3);
}

Test(lock, excludes_two)
{
    model_holds_with(two_increment, (void *)1, .name = "lock: 2 threads",
                     .spurious = 2);
    model_holds_with(two_increment, (void *)2, .name = "lock: 2 threads, twice",
                     .spurious = 1);
}

Test(lock, excludes_three)
{
    model_holds(three_increment, .name = "lock: 3 threads");
}
