#include <weft/weft.h>

WEFT_MUTEX_DEFINE(bank, long);
static bank shared;

int main(void)
{
    bank_guard g;
    if (bank_lock(&shared, &g) != WEFT_OK) {
        return 1;
    }
#ifdef FIXED
    *bank_get(&g) += 10;
    bank_unlock(&g);
#else
    bank_unlock(&g);
    *bank_get(&g) += 10;
#endif
    return 0;
}
