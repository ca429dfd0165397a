/* 11. Locks with names of their own, taken in two orders
 *
 * gcc-12    unseen
 * clang-14  safety     mutex 'bank' must be acquired before 'journal'
 * clang-19  safety     mutex 'bank' must be acquired before 'journal'
 */
#include <weft/weft.h>

static weft_mutex bank;
static weft_mutex journal WEFT_ACQUIRED_AFTER(bank);
static long balance;
static int entries;

static int pay(long amount)
{
    if (weft_mutex_lock(&bank) != WEFT_OK) {
        return 1;
    }
    balance += amount;
    if (weft_mutex_lock(&journal) == WEFT_OK) {
        entries++;
        weft_mutex_unlock(&journal);
    }
    weft_mutex_unlock(&bank);
    return 0;
}

static int check(void)
{
    int wrong = 1;
#ifdef FIXED
    if (weft_mutex_lock(&bank) != WEFT_OK) {
        return 1;
    }
    if (weft_mutex_lock(&journal) == WEFT_OK) {
        wrong = balance != 10 * entries;
        weft_mutex_unlock(&journal);
    }
    weft_mutex_unlock(&bank);
#else
    if (weft_mutex_lock(&journal) != WEFT_OK) {
        return 1;
    }
    if (weft_mutex_lock(&bank) == WEFT_OK) {
        wrong = balance != 10 * entries;
        weft_mutex_unlock(&bank);
    }
    weft_mutex_unlock(&journal);
#endif
    return wrong;
}

int main(void)
{
    return pay(10) != 0 || check() != 0;
}
