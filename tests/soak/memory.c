/* An allocator that counts, and refuses one request in some hundred. */
#include "soak.h"

#include <stdlib.h>

enum { ONE_IN = 200 };

static weft_atomic_u64 live, requests, refusals;
static weft_atomic_bool refusing;

/* By the number of the request, so that a seed repeats it as far as the order
 * of the threads allows. */
static bool is_refused(void)
{
    const uint64_t number = weft_atomic_u64_add_relaxed(&requests, 1);
    if (!weft_atomic_bool_load_relaxed(&refusing)) {
        return false;
    }
    test_rng rng = test_rng_make(number);
    return test_rng_below(&rng, ONE_IN) == 0;
}

static void *soak_alloc(size_t size, size_t align, void *unused)
{
    (void)unused;
    if (is_refused()) {
        weft_atomic_u64_add_relaxed(&refusals, 1);
        return NULL;
    }
    void *memory = aligned_alloc(align, (size + align - 1) / align * align);
    if (memory != NULL) {
        weft_atomic_u64_add_relaxed(&live, 1);
    }
    return memory;
}

static void soak_free(void *memory, size_t size, size_t align, void *unused)
{
    (void)size;
    (void)align;
    (void)unused;
    weft_atomic_u64_sub_relaxed(&live, 1);
    free(memory);
}

void soak_memory_install(void)
{
    const weft_allocator a = {soak_alloc, soak_free, NULL};
    weft_set_allocator(&a);
}

void soak_memory_refuse(bool at_times)
{
    weft_atomic_bool_store_relaxed(&refusing, at_times);
}

uint64_t soak_memory_live(void)
{
    return weft_atomic_u64_load_relaxed(&live);
}

uint64_t soak_memory_refusals(void)
{
    return weft_atomic_u64_load_relaxed(&refusals);
}
