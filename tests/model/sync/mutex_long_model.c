/* The mutex among three threads that all lock it, exhaustively: over a million
 * executions. mutex_crowd_model.c has the smaller cases. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>

static weft_mutex m = WEFT_MUTEX_INIT;
static int value; /* plain: guarded by m alone */

static void increment(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    value++;
    weft_mutex_unlock(&m);
}

static void three_increment(void *unused)
{
    weft_model_name(&m, sizeof m, "m");
    increment(unused); /* what a first lock does more is not explored */
    weft_model_thread a = weft_model_spawn(increment, NULL);
    weft_model_thread b = weft_model_spawn(increment, NULL);
    increment(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(value == 4);
}

Test(mutex_long, excludes_three)
{
    model_holds(three_increment, .name = "mutex, three threads");
}
