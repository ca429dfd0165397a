/* Mutex: crowded, and left by a panic.
 * planted 1: add_without_the_lock
 * planted 2: peek_at_the_wreck */
#include <weft/weft.h>

#include <sched.h>

WEFT_MUTEX_DEFINE(tally, long);
static tally shared;
static weft_mutex plain;
static long guarded_by_plain;

#if PLANTED == 1
__attribute__((noinline)) static void add_without_the_lock(void)
{
    guarded_by_plain++;
}
#endif

static void *add(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        WEFT_LOCK(tally, g, &shared) {
            ++*tally_get(&g);
            (void)sched_yield(); /* so that others come, and sleep */
        }
        weft_require(weft_mutex_lock(&plain) == WEFT_OK);
        guarded_by_plain++;
        weft_mutex_unlock(&plain);
#if PLANTED == 1
        add_without_the_lock();
#endif
    }
    return NULL;
}

static void *fall(void *arg)
{
    (void)arg;
    WEFT_LOCK_SCOPE(tally, g, &shared);
    *tally_get(&g) = -1;
    weft_panic("on purpose");
}

__attribute__((noinline)) static long peek_at_the_wreck(void)
{
    long found = 0;
    tally_guard g;
#if PLANTED == 2
    while (!tally_is_poisoned(&shared)) { /* a hint, which orders nothing */
    }
    found = *tally_get_unshared(&shared);
#endif
    while (!tally_is_poisoned(&shared)) {
        (void)sched_yield();
    }
    weft_require(tally_recover(&shared, &g) == WEFT_OK);
    found += *tally_get(&g);
    tally_unlock(&g);
    return found;
}

static void ignore(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

int main(void)
{
    weft_thread t[3];
    for (int i = 0; i < 3; i++) {
        weft_require(weft_thread_spawn(&t[i], add, NULL) == WEFT_OK);
    }
    for (int i = 0; i < 3; i++) {
        weft_require(weft_thread_join(&t[i], NULL) == WEFT_OK);
    }
    weft_require(*tally_get_unshared(&shared) == 900);
    (void)weft_panic_set_hook(ignore);
    weft_require(weft_thread_spawn(&t[0], fall, NULL) == WEFT_OK);
    weft_require(peek_at_the_wreck() < 0);
    weft_require(weft_thread_join(&t[0], NULL) == WEFT_PANICKED);
    return 0;
}
