/* 9. A lock held across a wait
 *
 * all       error      a lock guard is held across this await
 */
#include <weft/weft.h>

WEFT_CHAN_DEFINE(numbers, int);
WEFT_MUTEX_DEFINE(total, long);

/* What may wait for long says that it wants no lock around it. */
#define AWAIT(rx, n)                        \
    __extension__({                         \
        WEFT_NO_LOCK_HERE("await");         \
        numbers_recv((rx), (n)) == WEFT_OK; \
    })

static void add_all(numbers_rx *rx, total *t) WEFT_REQUIRES(*rx);
static void add_all(numbers_rx *rx, total *t)
{
    int n = 0;
#ifdef FIXED
    while (AWAIT(rx, &n)) {
        WEFT_LOCK(total, g, t) {
            *total_get(&g) += n;
        }
    }
#else
    WEFT_LOCK(total, g, t) {
        while (AWAIT(rx, &n)) {
            *total_get(&g) += n;
        }
    }
#endif
}

int main(void)
{
    static total t;
    numbers_tx tx;
    numbers_rx rx;
    if (numbers_open(1, &tx, &rx) != WEFT_OK) {
        return 1;
    }
    weft_status s = numbers_send(&tx, 3);
    numbers_tx_drop(&tx);
    add_all(&rx, &t);
    numbers_rx_drop(&rx);
    return s == WEFT_OK ? 0 : 1;
}
