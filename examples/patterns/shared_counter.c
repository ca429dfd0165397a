/* A counter that four threads share: the mutex owns it, so that there is no
 * way to touch it without the lock. */
#include <stdio.h>
#include <weft/weft.h>

enum { THREADS = 4, ROUNDS = 100000 };

WEFT_MUTEX_DEFINE(counter, long);

static void count(void *arg)
{
    counter *c = arg;
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_LOCK(counter, g, c) {
            *counter_get(&g) += 1;
        } /* unlocked here, whichever way the block is left */
    }
}

int main(void)
{
    counter c;
    counter_init(&c, 0);
    WEFT_SCOPE(s) {
        for (int i = 0; i < THREADS; i++) {
            weft_require(weft_scope_spawn(&s, count, &c) == WEFT_OK);
        }
    } /* all four have ended here */

    long total = 0;
    WEFT_LOCK(counter, g, &c) {
        total = *counter_get(&g);
    }
    printf("%d threads counted to %ld\n", THREADS, total);
    return total == (long)THREADS * ROUNDS ? 0 : 1;
}
