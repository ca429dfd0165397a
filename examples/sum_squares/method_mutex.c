/* One lock, one invariant: `sum` is that of all values before `next`, but for
 * the chunks which workers still have in hand. */
#include "methods.h"

typedef struct ledger {
    size_t next;
    total sum;
} ledger;

WEFT_MUTEX_DEFINE(shared_ledger, ledger);

typedef struct job {
    const values *v;
    shared_ledger ledger;
} job;

/* Hand in what was found, and take the next chunk, if any. */
static bool trade(job *j, total found, size_t *begin)
{
    bool more = false;
    WEFT_LOCK(shared_ledger, g, &j->ledger) {
        ledger *l = shared_ledger_get(&g);
        l->sum = total_add(l->sum, found);
        *begin = l->next;
        more = l->next < j->v->count;
        l->next = chunk_end(j->v, l->next);
    }
    return more;
}

static void work(void *arg)
{
    job *j = arg;
    total found = {0};
    size_t begin;
    while (trade(j, found, &begin)) {
        found = sum_range(j->v, begin, chunk_end(j->v, begin));
    }
}

weft_status sum_mutex(const values *v, unsigned threads, total *result)
{
    job j = {.v = v};
    weft_status status = WEFT_OK;
    WEFT_SCOPE(s) {
        for (unsigned i = 1; i < threads && status == WEFT_OK; i++) {
            status = weft_scope_spawn(&s, work, &j);
        }
        work(&j);
    }
    if (status == WEFT_OK) {
        *result = shared_ledger_get_unshared(&j.ledger)->sum;
    }
    return status;
}
