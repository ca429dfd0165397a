/* Nothing is shared but the values: worker k takes each chunk whose number
 * leaves k when divided by the number of workers, and sends what it found. */
#include <stdlib.h>

#include "methods.h"

WEFT_CHAN_DEFINE(sums, total);

typedef struct worker {
    const values *v;
    size_t first;
    size_t stride;
    sums_tx tx;
} worker;

static void work(void *arg)
{
    worker *w = arg;
    sums_tx_adopt(&w->tx);
    weft_status status = WEFT_OK;
    for (size_t begin = w->first; begin < w->v->count && status == WEFT_OK;
         begin += w->stride) {
        total found = sum_range(w->v, begin, chunk_end(w->v, begin));
        status = sums_send(&w->tx, found);
    }
    sums_tx_drop(&w->tx); /* the last one ends the receiver's loop */
}

static weft_status spawn_all(weft_scope *s, worker *workers, unsigned threads,
                             sums_tx *tx) WEFT_REQUIRES(*tx)
{
    weft_status status = WEFT_OK;
    for (unsigned i = 0; i < threads && status == WEFT_OK; i++) {
        sums_tx mine;
        sums_tx_clone(&mine, tx);
        workers[i].tx = sums_tx_move(&mine);
        status = weft_scope_spawn(s, work, &workers[i]);
        if (status != WEFT_OK) {
            sums_tx_adopt(&workers[i].tx);
            sums_tx_drop(&workers[i].tx);
        }
    }
    return status;
}

/* Spawn the workers, and add up what they send until they are through. */
static weft_status collect(weft_scope *s, worker *workers, unsigned threads,
                           total *sum)
{
    sums_tx tx;
    sums_rx rx;
    weft_status status = sums_open(threads, &tx, &rx);
    if (status != WEFT_OK) {
        return status;
    }
    status = spawn_all(s, workers, threads, &tx);
    sums_tx_drop(&tx);
    WEFT_CHAN_EACH(sums, found, &rx) {
        *sum = total_add(*sum, found);
    }
    sums_rx_drop(&rx);
    return status;
}

weft_status sum_channel(const values *v, unsigned threads, total *result)
{
    worker *workers = calloc(threads, sizeof *workers);
    if (workers == NULL) {
        return WEFT_NO_MEMORY;
    }
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (worker){.v = v,
                              .first = (size_t)i * CHUNK,
                              .stride = (size_t)threads * CHUNK};
    }
    total sum = {0};
    weft_status status = WEFT_OK;
    WEFT_SCOPE(s) {
        status = collect(&s, workers, threads, &sum);
    }
    free(workers);
    if (status == WEFT_OK) {
        *result = sum;
    }
    return status;
}
