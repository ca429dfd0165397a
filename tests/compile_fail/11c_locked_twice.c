/* 11. A lock taken again by its holder
 *
 * all       run        weft_mutex_lock: this thread holds the mutex already;
 *                      waiting for itself would never end
 */
#include <weft/weft.h>

WEFT_MUTEX_DEFINE(bank, long);
static bank shared;

#ifdef FIXED
static void add_fee(bank_guard *g) WEFT_REQUIRES(*g);
static void add_fee(bank_guard *g)
{
    *bank_get(g) -= 1;
}
#else
static void add_fee(bank *b)
{
    WEFT_LOCK(bank, g, b) {
        *bank_get(&g) -= 1;
    }
}
#endif

int main(void)
{
    WEFT_LOCK(bank, g, &shared) {
        *bank_get(&g) += 10;
#ifdef FIXED
        add_fee(&g);
#else
        add_fee(&shared);
#endif
    }
    return 0;
}
