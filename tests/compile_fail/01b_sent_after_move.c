/* 1. A channel's end used after a move
 *
 * clang-14  safety     calling function 'numbers_send' requires holding mutex
 *                      'tx' exclusively
 * clang-19  safety     calling function 'numbers_send' requires holding live
 *                      handle 'tx' exclusively
 * all       run        weft_chan_send: this end of the channel was moved away,
 *                      dropped or never opened
 */
#include <weft/weft.h>

WEFT_CHAN_DEFINE(numbers, int);

static void give(numbers_tx tx)
{
    numbers_tx_adopt(&tx);
    numbers_tx_drop(&tx);
}

int main(void)
{
    numbers_tx tx;
    numbers_rx rx;
    if (numbers_open(1, &tx, &rx) != WEFT_OK) {
        return 1;
    }
#ifdef FIXED
    weft_status s = numbers_send(&tx, 3);
    give(numbers_tx_move(&tx));
#else
    give(numbers_tx_move(&tx));
    weft_status s = numbers_send(&tx, 3);
#endif
    numbers_rx_drop(&rx);
    return s == WEFT_OK ? 0 : 1;
}
