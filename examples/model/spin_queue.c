/* A queue behind a spinlock, and its exploration. Plain C11 and pthreads:
 * nothing in it is weft's but the last two functions. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include <weft/model/model.h>

/* Naive: memory_order_relaxed. It passes every test on x86-64. */
#ifndef UNLOCK_ORDER
#define UNLOCK_ORDER memory_order_release
#endif

typedef struct queue {
    atomic_bool locked;
    unsigned head; /* guarded by locked, as all below */
    unsigned tail;
    int items[4];
} queue;

static void lock(queue *q)
{
    while (atomic_exchange_explicit(&q->locked, true, memory_order_acquire)) {
        sched_yield();
    }
}

static void unlock(queue *q)
{
    atomic_store_explicit(&q->locked, false, UNLOCK_ORDER);
}

static bool push(queue *q, int item)
{
    lock(q);
    bool fits = q->tail - q->head < 4;
    if (fits) {
        q->items[q->tail++ % 4] = item;
    }
    unlock(q);
    return fits;
}

static bool pop(queue *q, int *item)
{
    lock(q);
    bool any = q->head != q->tail;
    if (any) {
        *item = q->items[q->head++ % 4];
    }
    unlock(q);
    return any;
}

static void *push_two(void *q)
{
    (void)push(q, 1);
    (void)push(q, 2);
    return NULL;
}

/* One thread pushes 1, then 2; what the other pops comes in that order. */
static void body(void *unused)
{
    (void)unused;
    static queue q;
    pthread_t pusher;
    (void)pthread_create(&pusher, NULL, push_two, &q);
    int first = 0;
    int second = 0;
    if (pop(&q, &first) && pop(&q, &second)) {
        weft_model_assert(first == 1 && second == 2);
    }
    (void)pthread_join(pusher, NULL);
}

int main(void)
{
    weft_model_options options = {.name = "spin queue"};
    weft_model_result r = weft_model_explore(body, NULL, &options);
    printf("%s after %llu executions\n", r.failed ? "wrong" : "right",
           (unsigned long long)r.executions);
    return r.failed ? 1 : 0;
}
