/* Atomics: a flag that hands over what was written before it.
 * planted 1: read_what_was_published */
#include "flag.h"

static FLAG ready;
static long data;

__attribute__((noinline)) static long read_what_was_published(void)
{
#if PLANTED == 1
    while (!weft_atomic_bool_load_relaxed(&ready)) {
    }
#else
    while (!weft_atomic_bool_load_acquire(&ready)) {
    }
#endif
    return data;
}

static void *publish(void *arg)
{
    (void)arg;
    data = 1;
    weft_atomic_bool_store_release(&ready, true);
    return NULL;
}

int main(void)
{
    weft_thread t;
    weft_require(weft_thread_spawn(&t, publish, NULL) == WEFT_OK);
    weft_require(read_what_was_published() == 1);
    return weft_thread_join(&t, NULL) == WEFT_OK ? 0 : 1;
}
