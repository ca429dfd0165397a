/* By hand: equal parts, one thread each, joined in order. The calling thread
 * takes the first part itself. */
#include <pthread.h>
#include <stdlib.h>

#include "methods.h"

typedef struct part {
    const values *v;
    size_t begin;
    size_t end;
    total result;
    pthread_t thread;
    bool started;
} part;

static void *sum_part(void *arg)
{
    part *p = arg;
    p->result = sum_range(p->v, p->begin, p->end);
    return NULL;
}

weft_status sum_pthreads(const values *v, unsigned threads, total *result)
{
    part *parts = calloc(threads, sizeof *parts);
    if (parts == NULL) {
        return WEFT_NO_MEMORY;
    }
    size_t share = v->count / threads;
    size_t extra = v->count % threads; /* one more value for the first ones */
    size_t begin = 0;
    for (unsigned i = 0; i < threads; i++) {
        size_t end = begin + share + (i < extra);
        parts[i] = (part){.v = v, .begin = begin, .end = end};
        begin = end;
    }
    weft_status status = WEFT_OK;
    for (unsigned i = 1; i < threads && status == WEFT_OK; i++) {
        parts[i].started =
            pthread_create(&parts[i].thread, NULL, sum_part, &parts[i]) == 0;
        status = parts[i].started ? WEFT_OK : WEFT_NO_RESOURCES;
    }
    sum_part(&parts[0]);
    total sum = {0};
    for (unsigned i = 0; i < threads; i++) {
        if (parts[i].started) {
            pthread_join(parts[i].thread, NULL);
        }
        sum = total_add(sum, parts[i].result);
    }
    free(parts);
    if (status == WEFT_OK) {
        *result = sum;
    }
    return status;
}
