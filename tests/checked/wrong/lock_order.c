#include <weft/weft.h>

WEFT_MUTEX_DEFINE(account, long);
static account mine, yours;

static void transfer(account *from, account *to, long amount)
{
    WEFT_LOCK(account, f, from) {
        WEFT_LOCK(account, t, to) {
            *account_get(&f) -= amount;
            *account_get(&t) += amount;
        }
    }
}

int main(void)
{
    transfer(&mine, &yours, 10);
#ifndef FIXED
    transfer(&yours, &mine, 10);
#endif
    return 0;
}
