/* Random numbers for tests, from a seed that a failure report contains. */
#ifndef WEFT_TEST_SEED_H
#define WEFT_TEST_SEED_H

#include <stdint.h>

typedef struct test_rng {
    uint64_t state;
} test_rng;

/* The seed of this run: WEFT_SEED if the environment has it (decimal or 0x...),
 * else drawn from the clock. Printed to standard error on the first call, as
 * the setting that repeats the run. */
uint64_t test_seed(void);

/* A generator for stream `stream` of this run's seed: give each thread its
 * own. Streams do not depend on one another. */
test_rng test_rng_make(uint64_t stream);

/* 64 random bits (splitmix64, Steele, Lea and Flood 2014). */
uint64_t test_rng_next(test_rng *rng);

/* Uniform in [0, bound); bound must not be 0. */
uint64_t test_rng_below(test_rng *rng, uint64_t bound);

#endif
