/* The mutex, explored: exclusion, wake-ups, poison. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>

static weft_mutex m = WEFT_MUTEX_INIT;
static int value;

/* What each thread does once at its first lock is not what is explored. */
static void begin(void)
{
    weft_model_name(&m, sizeof m, "m");
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    weft_mutex_unlock(&m);
}

static void increment(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    value++;
    weft_mutex_unlock(&m);
}

static void two_increment(void *unused)
{
    (void)unused;
    begin();
    weft_model_thread t = weft_model_spawn(increment, NULL);
    increment(NULL);
    weft_model_join(t);
    weft_model_assert(value == 2);
}

Test(mutex, excludes_two)
{
    model_holds(two_increment, .name = "mutex, two threads", .spurious = 1);
}
