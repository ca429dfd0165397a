/* 11. Locks taken in two orders
 *
 * all       error      lock order: the rank of bank is not above that of a lock
 *                      held here
 */
#include <weft/weft.h>

WEFT_MUTEX_DEFINE(bank, long);
WEFT_MUTEX_DEFINE(journal, int);
WEFT_LOCK_RANK(bank, 10);
WEFT_LOCK_RANK(journal, 20);

static bank shared_bank;
static journal shared_journal;

static void pay(long amount)
{
    WEFT_LOCK_RANKED(bank, b, &shared_bank)
    {
        WEFT_LOCK_RANKED(journal, j, &shared_journal)
        {
            *bank_get(&b) += amount;
            *journal_get(&j) += 1;
        }
    }
}

static long audit(void)
{
#ifdef FIXED
    WEFT_LOCK_RANKED(bank, b, &shared_bank)
    {
        WEFT_LOCK_RANKED(journal, j, &shared_journal)
        {
            return *bank_get(&b) / *journal_get(&j);
        }
    }
#else
    WEFT_LOCK_RANKED(journal, j, &shared_journal)
    {
        WEFT_LOCK_RANKED(bank, b, &shared_bank)
        {
            return *bank_get(&b) / *journal_get(&j);
        }
    }
#endif
    return 0;
}

int main(void)
{
    pay(10);
    return audit() == 10 ? 0 : 1;
}
