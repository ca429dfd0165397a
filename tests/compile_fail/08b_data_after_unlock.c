/* 8. Data after the unlock
 *
 * clang-14  safety     calling function 'bank_get' requires holding mutex 'g'
 *                      exclusively
 * clang-19  safety     calling function 'bank_get' requires holding lock guard
 *                      'g' exclusively
 * all       run        bank_get: the guard does not hold the lock
 */
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
