/* What weft is, in five pictures. */
#include <weft/weft.h>
/* 1. A parallel iterator is a loop body. */
WEFT_PAR_SUM(int64_t, sum_of_squares, const int32_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

/* 2. Fork and join, nested as deep as you like. */
WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

/* 3. A mutex owns its data: the only way to it is through the lock. */
WEFT_MUTEX_DEFINE(bank, long);
static bank shared_bank;

/* 4. A channel carries values of one type, which was declared sendable. */
typedef struct job {
    int amount;
} job;
WEFT_SEND(job);
WEFT_CHAN_DEFINE(jobs, job);

/* 5. A thread that panics takes down nothing but itself. */
static void *rob(void *arg)
{
    WEFT_LOCK_SCOPE(bank, g, arg);
    weft_panic("%ld in the bank", *bank_get(&g));
}

int main(void)
{
    const int32_t v[] = {3, 4};
    weft_require(sum_of_squares(v, 2) == 25 && fib(20) == 6765);
    jobs_tx tx;
    jobs_rx rx;
    weft_require(jobs_open(128, &tx, &rx) == WEFT_OK);
    weft_require(jobs_send(&tx, (job){.amount = 10}) == WEFT_OK);
    jobs_tx_drop(&tx);
    WEFT_CHAN_EACH(jobs, j, &rx) { /* until the last sender is gone */
        WEFT_LOCK(bank, g, &shared_bank) {
            *bank_get(&g) += j.amount;
        }
    }
    jobs_rx_drop(&rx);

    weft_thread t;
    weft_thread_result end;
    weft_require(weft_thread_spawn(&t, rob, &shared_bank) == WEFT_OK);
    weft_require(weft_thread_join(&t, &end) == WEFT_PANICKED);
    return bank_is_poisoned(&shared_bank) ? 0 : 1; /* end.panic says why */
}
