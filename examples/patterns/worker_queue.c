/* Workers share the receiver of their jobs, behind a mutex, and a sender for
 * their answers. A loop ends when the last sender it listens to is gone. */
#include <stdio.h>
#include <weft/weft.h>
enum { WORKERS = 3, JOBS = 1000 };

WEFT_CHAN_DEFINE(jobs, int);
WEFT_CHAN_DEFINE(areas, long);
WEFT_MUTEX_DEFINE(job_queue, jobs_rx *);

typedef struct workshop {
    job_queue queue;
    areas_tx out;
} workshop;

/* Unchecked: the analysis cannot know that the workshop's ends are live. */
WEFT_UNCHECKED static void work(void *arg)
{
    workshop *w = arg;
    weft_status more = WEFT_OK;
    while (more == WEFT_OK) {
        int side = 0;
        WEFT_LOCK(job_queue, g, &w->queue) {
            more = jobs_recv(*job_queue_get(&g), &side);
        }
        if (more == WEFT_OK) {
            more = areas_send(&w->out, (long)side * side);
        }
    }
}

int main(void)
{
    jobs_tx todo;
    jobs_rx queue;
    areas_rx in;
    workshop shop;
    weft_require(jobs_open_unbounded(&todo, &queue) == WEFT_OK);
    weft_require(areas_open_unbounded(&shop.out, &in) == WEFT_OK);
    job_queue_init(&shop.queue, &queue);
    for (int side = 1; side <= JOBS; side++) {
        weft_require(jobs_send(&todo, side) == WEFT_OK);
    }
    jobs_tx_drop(&todo);
    WEFT_SCOPE(s) {
        for (int i = 0; i < WORKERS; i++) {
            weft_require(weft_scope_spawn(&s, work, &shop) == WEFT_OK);
        }
    }
    jobs_rx_drop(&queue);
    areas_tx_drop(&shop.out);
    long sum = 0;
    WEFT_CHAN_EACH(areas, area, &in) {
        sum += area;
    }
    areas_rx_drop(&in);
    printf("%d workers did %d jobs: %ld\n", WORKERS, JOBS, sum);
    return sum == (long)JOBS * (JOBS + 1) * (2 * JOBS + 1) / 6 ? 0 : 1;
}
