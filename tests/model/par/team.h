/* A pool whose members are the test's own threads: for the protocols of a pool
 * without its lifecycle. */
#ifndef WEFT_TESTS_MODEL_PAR_TEAM_H
#define WEFT_TESTS_MODEL_PAR_TEAM_H

#include "par/pool.h"
#include "support/model.h"

#include <weft/base/panic.h>

enum { TEAM_MOST = 3 };

static WEFT_ALIGNED(
    WEFT_CACHE_LINE) char team_memory[sizeof(weft_pool) +
                                      TEAM_MOST * sizeof(wefti_member)];

static inline weft_pool *team_pool(void)
{
    return (weft_pool *)(void *)team_memory;
}

static inline wefti_member *team_member(uint32_t i)
{
    return &team_pool()->members[i];
}

/* The running thread is this member from here on. */
static inline wefti_member *team_join(uint32_t i)
{
    wefti_this_worker = &team_member(i)->worker;
    return team_member(i);
}

/* `size` members, of which the body is number 0. Without asymmetric fences,
 * each of which conflicts with every other step: only small bodies bear them,
 * which then call wefti_deque_prepare. */
static inline void team_init(uint32_t size)
{
    static const char *const names[TEAM_MOST] = {"m0", "m1", "m2"};
    weft_pool *pool = team_pool();
    pool->threads = pool->size = size;
    for (uint32_t i = 0; i < size; i++) {
        pool->members[i].pool = pool;
        pool->members[i].index = i;
        weft_model_name(&pool->members[i], sizeof pool->members[i], names[i]);
    }
    (void)team_join(0);
}

/* Outcomes, counted over all executions of an exploration. */
__attribute__((no_sanitize("thread"))) static inline void team_count(int *what)
{
    ++*what;
}

#endif
