#include <weft/weft.h>

WEFT_SEND(int);
WEFT_CHAN_DEFINE(numbers, int);

int main(void)
{
    numbers_tx tx, other;
    numbers_rx rx;
    weft_require(numbers_open(4, &tx, &rx) == WEFT_OK);
#ifdef FIXED
    numbers_tx_clone(&other, &tx);
#else
    other = tx;
#endif
    numbers_tx_drop(&tx);
    weft_require(numbers_send(&other, 1) == WEFT_OK);
    numbers_tx_drop(&other);
    numbers_rx_drop(&rx);
    return 0;
}
