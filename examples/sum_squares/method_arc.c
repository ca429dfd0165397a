/* Workers that nobody's frame has to outlive: each owns a handle on the tally,
 * whose numbers are atomic, and whoever drops the last handle frees it. */
#include <stdlib.h>

#include "methods.h"

typedef struct tally {
    const values *v;
    weft_atomic_size next; /* the first value that nobody has taken */
    weft_atomic_u64 high;
    weft_atomic_u64 low;
    weft_atomic_u64 real; /* the bits of a double */
} tally;

WEFT_SEND(tally);
WEFT_ARC_DEFINE(shared_tally, tally);
WEFT_ARC_SYNC(shared_tally, tally);
WEFT_THREAD_DEFINE(adder, weft_unit, shared_tally);

typedef union real_bits {
    double real;
    uint64_t bits;
} real_bits;

/* Add a sum of 128 bits in two steps. That is exact, though not at one moment:
 * each carry out of `low` is seen by the very addition that makes it. All is
 * relaxed, because only what join orders is read. */
static void tally_add(tally *t, total found)
{
    uint64_t before = weft_atomic_u64_add_relaxed(&t->low, found.low);
    bool carry = before > UINT64_MAX - found.low;
    weft_atomic_u64_add_relaxed(&t->high, found.high + carry);

    real_bits seen = {.bits = weft_atomic_u64_load_relaxed(&t->real)};
    real_bits sum;
    do {
        sum.real = seen.real + found.real;
    } while (!weft_atomic_u64_cas_relaxed(&t->real, &seen.bits, sum.bits));
}

static total tally_read(const tally *t)
{
    real_bits real = {.bits = weft_atomic_u64_load_relaxed(&t->real)};
    total sum = {weft_atomic_u64_load_relaxed(&t->high),
                 weft_atomic_u64_load_relaxed(&t->low), real.real};
    return sum;
}

static weft_unit add_chunks(shared_tally handle)
{
    shared_tally_adopt(&handle);
    tally *t = shared_tally_get_sync(&handle);
    const values *v = t->v;
    total found = {0};
    for (;;) {
        size_t begin = weft_atomic_size_add_relaxed(&t->next, CHUNK);
        if (begin >= v->count) {
            break;
        }
        found = total_add(found, sum_range(v, begin, chunk_end(v, begin)));
    }
    tally_add(t, found);
    shared_tally_drop(&handle);
    return WEFT_UNIT;
}

/* Start one thread with a handle of its own. */
static weft_status spawn_one(adder *a, const shared_tally *mine)
    WEFT_REQUIRES_SHARED(*mine) WEFT_ACQUIRES_IF(0, *a)
{
    shared_tally theirs;
    shared_tally_clone(&theirs, mine);
    weft_status status = adder_spawn(a, add_chunks, theirs);
    if (status != WEFT_OK) {
        shared_tally_drop(&theirs);
    }
    return status;
}

/* Join them all; the first failure counts. Unchecked: the analysis does not
 * follow handles into an array. */
WEFT_UNCHECKED static weft_status join_all(adder *adders, unsigned count)
{
    weft_status status = WEFT_OK;
    for (unsigned i = 0; i < count; i++) {
        weft_status ended = adder_join(&adders[i], NULL);
        status = status == WEFT_OK ? ended : status;
    }
    return status;
}

weft_status sum_arc(const values *v, unsigned threads, total *result)
{
    adder *adders = calloc(threads, sizeof *adders);
    if (adders == NULL) {
        return WEFT_NO_MEMORY;
    }
    WEFT_AUTO(shared_tally, mine);
    weft_status status = shared_tally_create(&mine, (tally){.v = v});
    unsigned started = 0;
    while (status == WEFT_OK && started < threads) {
        status = spawn_one(&adders[started], &mine);
        started += status == WEFT_OK;
    }
    weft_status ended = join_all(adders, started);
    status = status == WEFT_OK ? ended : status;
    free(adders);
    if (status == WEFT_OK) {
        *result = tally_read(shared_tally_get(&mine));
    }
    return status;
}
