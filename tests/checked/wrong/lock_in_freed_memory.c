#include <weft/weft.h>

typedef struct queue {
    weft_mutex lock;
    int length;
} queue;
WEFT_SEND(queue);
WEFT_ARC_DEFINE(shared_queue, queue);
WEFT_ARC_SYNC(shared_queue, queue);

int main(void)
{
    shared_queue q;
    const queue empty = {WEFT_MUTEX_INIT, 0};
    weft_require(shared_queue_create(&q, empty) == WEFT_OK);
    queue *inside = shared_queue_get_sync(&q);
#ifndef FIXED
    shared_queue_drop(&q);
#endif
    weft_require(weft_mutex_lock(&inside->lock) == WEFT_OK);
    weft_mutex_unlock(&inside->lock);
#ifdef FIXED
    shared_queue_drop(&q);
#endif
    return 0;
}
