#include <weft/weft.h>

WEFT_SEND(int);
WEFT_CHAN_DEFINE(numbers, int);

static void finish(numbers_tx *tx)
{
    numbers_tx_drop(tx);
}

int main(void)
{
    numbers_tx tx;
    numbers_rx rx;
    weft_require(numbers_open(4, &tx, &rx) == WEFT_OK);
#ifndef FIXED
    finish(&tx);
#endif
    weft_require(numbers_send(&tx, 1) == WEFT_OK);
#ifdef FIXED
    finish(&tx);
#endif
    numbers_rx_drop(&rx);
    return 0;
}
