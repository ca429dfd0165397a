/* A program that uses each inlined function that has a checked form. */
#include <weft/weft.h>

WEFT_MUTEX_DEFINE(counter, long);
WEFT_SEND(int);
WEFT_ARC_DEFINE(shared_int, int);
WEFT_CHAN_DEFINE(numbers, int);

static counter hits;
static weft_spinlock spin;

static void *work(void *arg)
{
    WEFT_LOCK(counter, g, &hits) {
        ++*counter_get(&g);
    }
    return arg;
}

int main(void)
{
    WEFT_SPIN(g, &spin) {
        weft_bury(NULL, 0);
    }
    weft_thread t;
    WEFT_ALLOW(WEFT_HELD_JOIN) {
        weft_require(weft_thread_spawn(&t, work, NULL) == WEFT_OK);
        weft_require(weft_thread_join(&t, NULL) == WEFT_OK);
    }
    shared_int one;
    weft_require(shared_int_create(&one, 1) == WEFT_OK);
    shared_int moved = shared_int_move(&one);
    shared_int_adopt(&moved);
    shared_int_drop(&moved);
    numbers_tx tx;
    numbers_rx rx;
    weft_require(numbers_open(1, &tx, &rx) == WEFT_OK);
    numbers_tx moved_tx = numbers_tx_move(&tx);
    numbers_tx_adopt(&moved_tx);
    numbers_tx_drop(&moved_tx);
    numbers_rx_drop(&rx);
    return 0;
}
