/* Ranked locks are locks; what does not compile is in tests/compile_fail. */
#include <weft/sync/guarded.h>
#include <weft/sync/rank.h>
#include <weft/sync/spinlock.h>

#include <criterion/criterion.h>

WEFT_MUTEX_DEFINE(bank, long);
WEFT_MUTEX_DEFINE(journal, long);
WEFT_LOCK_RANK(bank, 1);
WEFT_LOCK_RANK(journal, 1000000);
WEFT_LOCK_RANK(weft_mutex, 7);

static bool is_free(weft_mutex *m)
{
    if (weft_mutex_lock_try(m) != WEFT_OK) {
        return false;
    }
    weft_mutex_unlock(m);
    return true;
}

Test(rank, ranks_may_be_climbed_in_any_steps)
{
    static bank b;
    static journal j;
    static weft_mutex m;
    bool taken = false;
    WEFT_LOCK_RANKED(bank, first, &b)
    {
        WEFT_LOCK_RANKED(weft_mutex, second, &m)
        {
            WEFT_LOCK_RANKED(journal, third, &j)
            {
                *bank_get(&first) += 1;
                *journal_get(&third) += 1;
                taken =
                    !is_free(&b.mutex) && !is_free(&m) && !is_free(&j.mutex);
            }
        }
        WEFT_LOCK_RANKED(journal, third, &j)
        {
            *journal_get(&third) += *bank_get(&first);
        }
    }
    cr_assert(taken);
    cr_assert(is_free(&b.mutex) && is_free(&m) && is_free(&j.mutex));
    cr_assert_eq(*journal_get_unshared(&j), 2);
}

static long leave_by_return(journal *j, bool early)
{
    WEFT_LOCK_RANKED(journal, g, j)
    {
        if (early) {
            return *journal_get(&g);
        }
        *journal_get(&g) = 3;
    }
    return -1;
}

Test(rank, a_ranked_block_is_left_like_any_other)
{
    static journal j;
    int passed = 0;
    for (int i = 0; i < 3; i++) {
        WEFT_LOCK_RANKED(journal, g, &j)
        {
            if (i == 0) {
                break;
            }
            if (i == 1) {
                continue;
            }
            passed += 10;
        }
        passed++;
    }
    cr_assert_eq(passed, 13);
    cr_assert_eq(leave_by_return(&j, false), -1);
    cr_assert_eq(leave_by_return(&j, true), 3);
    cr_assert(is_free(&j.mutex));
}

Test(rank, locks_without_a_rank_do_not_mind)
{
    static bank b;
    static journal j;
    static weft_spinlock s;
    WEFT_LOCK_RANKED(journal, g, &j)
    {
        WEFT_LOCK(bank, h, &b) {
            WEFT_SPIN(i, &s) {
                *bank_get(&h) = *journal_get(&g) + 4;
            }
        }
    }
    cr_assert_eq(*bank_get_unshared(&b), 4);
}
