/* A thread that panics half-way through an update takes down nothing but
 * itself. The lock remembers that the data is half-changed; whoever knows the
 * invariant repairs it, and declares it sound again. */
#include <stdio.h>
#include <weft/weft.h>

/* The invariant: no money is made or lost, so the sum is always 100. */
typedef struct balances {
    int here;
    int there;
} balances;

WEFT_MUTEX_DEFINE(bank, balances);
WEFT_MUTEX_STATIC(bank, shared, {.here = 100});

static void *transfer(void *arg)
{
    (void)arg;
    WEFT_LOCK(bank, g, &shared) {
        bank_get(&g)->here -= 30;
        weft_panic("the line to the other bank is dead");
    }
    return NULL;
}

int main(void)
{
    weft_thread t;
    if (weft_thread_spawn(&t, transfer, NULL) != WEFT_OK) {
        return 1;
    }
    weft_thread_result end;
    weft_status how = weft_thread_join(&t, &end);
    weft_require(how == WEFT_PANICKED);
    printf("the transfer panicked: %s\n", end.panic.message);

    bank_guard g;
    if (bank_lock(&shared, &g) == WEFT_OK) {
        bank_unlock(&g);
        return 1; /* never: the lock does not hand out half-changed data */
    }
    if (bank_recover(&shared, &g) != WEFT_OK) {
        return 1;
    }
    balances *b = bank_get(&g);
    b->there = 100 - b->here;
    bank_clear_poison(&shared);
    bank_unlock(&g);

    int sum = 0;
    WEFT_LOCK(bank, sound, &shared) {
        sum = bank_get(&sound)->here + bank_get(&sound)->there;
    }
    printf("repaired: %d\n", sum);
    return sum == 100 ? 0 : 1;
}
