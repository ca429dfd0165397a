#include "base/process.h"

#include <pthread.h>

weft_atomic_u32 wefti_process_forks;

static void count_fork(void)
{
    (void)wefti_add_relaxed(&wefti_process_forks, 1); /* relaxed: alone */
}

/* When the library is loaded, so that no fork can be under way that would not
 * be counted and yet copies something of weft's. Of this priority, before the
 * constructors of the program. */
__attribute__((constructor(101))) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, count_fork);
}
