#include "support/seed.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t seed;

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void choose(void)
{
    const char *given = getenv("WEFT_SEED");
    if (given && *given) {
        seed = strtoull(given, NULL, 0);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = mix((uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 30) ^
                   ((uint64_t)getpid() << 48)) &
               UINT32_MAX;
    }
    fprintf(stderr, "WEFT_SEED=%" PRIu64 "\n", seed);
}

uint64_t test_seed(void)
{
    pthread_once(&once, choose);
    return seed;
}

test_rng test_rng_make(uint64_t stream)
{
    test_rng rng = {mix(test_seed() ^ mix(stream + 1))};
    return rng;
}

uint64_t test_rng_next(test_rng *rng)
{
    rng->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(rng->state);
}

uint64_t test_rng_below(test_rng *rng, uint64_t bound)
{
    /* The bias of % is below 2^-32 for every bound that a test uses. */
    return test_rng_next(rng) % bound;
}
