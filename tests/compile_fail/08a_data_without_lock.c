/* 8. Data without its lock
 *
 * all       warning    'weft_data_' is deprecated: it is protected by the
 *                      mutex: lock it and use bank_get(&guard)
 */
#include <weft/weft.h>

WEFT_MUTEX_DEFINE(bank, long);
static bank shared;

int main(void)
{
#ifdef FIXED
    WEFT_LOCK(bank, g, &shared) {
        *bank_get(&g) += 10;
    }
#else
    shared.weft_data_ += 10;
#endif
    return 0;
}
