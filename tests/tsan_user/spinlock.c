/* Spinlock: fought over for so long that waiters nap, and left by a panic.
 * planted 1: add_without_the_lock */
#include <weft/weft.h>

#include <sched.h>

static weft_spinlock lock;
static long sum;

static void ignore(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

__attribute__((noinline)) static void add_without_the_lock(void)
{
    sum++;
}

static void fall(void *arg)
{
    WEFT_SPIN(g, &lock) {
        ++*(long *)arg;
        weft_panic("on purpose");
    }
}

static void *add(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        weft_spinlock_lock(&lock);
        sum++;
        (void)sched_yield();
        weft_spinlock_unlock(&lock);
        weft_require(weft_catch_unwind(fall, &sum, NULL) == WEFT_PANICKED);
#if PLANTED == 1
        add_without_the_lock();
#endif
    }
    return NULL;
}

int main(void)
{
    weft_thread t[3];
    (void)weft_panic_set_hook(ignore);
    for (int i = 0; i < 3; i++) {
        weft_require(weft_thread_spawn(&t[i], add, NULL) == WEFT_OK);
    }
    for (int i = 0; i < 3; i++) {
        weft_require(weft_thread_join(&t[i], NULL) == WEFT_OK);
    }
    weft_require(sum >= 1800);
    add_without_the_lock(); /* all are joined */
    return 0;
}
