/* Six ways to the same sum; each has a file of its own. */
#ifndef SUM_SQUARES_METHODS_H
#define SUM_SQUARES_METHODS_H

#include <weft/weft.h>

#include "input.h"
#include "total.h"

/* Sum the squares of all values with `threads` threads. Anything but WEFT_OK
 * (no memory, no threads) leaves *result alone. */
typedef weft_status method_fn(const values *v, unsigned threads, total *result);

method_fn sum_serial;   /* one loop: what the others are measured against */
method_fn sum_pthreads; /* what one writes without a library */
method_fn sum_mutex;    /* the work left and the sum so far, under one lock */
method_fn sum_channel;  /* workers send what they found */
method_fn sum_arc;      /* workers share atomics, which the last one frees */
method_fn sum_par;      /* WEFT_PAR_SUM */

/* The loop itself, over the values [begin, end): what every method but
 * sum_par, which writes its own, makes its threads do. */
total sum_range(const values *v, size_t begin, size_t end);

/* Values that a worker takes at a time: long enough that taking them costs
 * nothing, short enough that all workers end together. */
enum { CHUNK = 1 << 17 };

/* Where the chunk that starts at `begin` ends. */
static inline size_t chunk_end(const values *v, size_t begin)
{
    return v->count - begin < CHUNK ? v->count : begin + CHUNK;
}

#endif
