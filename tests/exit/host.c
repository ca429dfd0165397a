/* exit_host WAY: end a process in that way, and see that it ends well.
 *
 * The process that ends is a child that runs this program again: with exit code
 * ENDED it got where it wanted to, and neither crashed nor hung on the way out.
 * Row 33 of the list of known bugs (oneTBB#977, libosmium#213, parlaylib#100):
 * workers that outlive what they work in. */
#include <weft/weft.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENDED = 9, LENGTH = 1 << 20 };

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

WEFT_PAR_SUM(uint64_t, sum, const uint32_t *, v, i)
{
    uint32_t x = v[i];
    for (int k = 0; k < 50; k++) {
        x = x * 1664525u + 1013904223u;
    }
    return x & 1;
}

static uint32_t numbers[LENGTH];
static sem_t begun;

static void install_for_ever(void *unused)
{
    (void)unused;
    (void)sem_post(&begun);
    for (;;) {
        (void)sum(numbers, LENGTH);
    }
}

static void *keep_default_busy(void *unused)
{
    install_for_ever(unused);
    return NULL;
}

static void *keep_own_busy(void *pool)
{
    weft_status s = weft_pool_install(pool, install_for_ever, NULL);
    return (void *)(uintptr_t)s;
}

/* The default pool and one of its own at work, from threads nobody joins. */
static void make_busy(void)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 3};
    pthread_t threads[2];
    weft_require(weft_pool_create(&pool, &config) == WEFT_OK);
    (void)pthread_create(&threads[0], NULL, keep_default_busy, NULL);
    (void)pthread_create(&threads[1], NULL, keep_own_busy, pool);
    (void)sem_wait(&begun);
    (void)sem_wait(&begun);
    (void)sum(numbers, LENGTH);
}

static void main_exits_while_pools_are_busy(void)
{
    make_busy();
    exit(ENDED);
}

static void quick_exit_while_pools_are_busy(void)
{
    make_busy();
    quick_exit(ENDED);
}

static void underscore_exit_while_pools_are_busy(void)
{
    make_busy();
    _exit(ENDED);
}

/* ------------------------------------------- who exits is not the main one */

WEFT_TASK(int, exit_elsewhere, pthread_t, home)
{
    if (!pthread_equal(home, pthread_self())) {
        exit(ENDED);
    }
    return 0;
}

/* Forks until a worker has taken one: it exits, while its maker waits. */
static void offer_the_exit(void *unused)
{
    (void)unused;
    for (;;) {
        weft_fork(exit_elsewhere, offer, pthread_self());
        weft_deadline d = weft_deadline_after_ms(1);
        while (!weft_deadline_passed(d)) {
        }
        (void)weft_join(exit_elsewhere, offer);
    }
}

static void a_worker_exits(void)
{
    offer_the_exit(NULL);
}

static void a_task_exits_in_its_own_pool(void)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 2};
    weft_require(weft_pool_create(&pool, &config) == WEFT_OK);
    weft_require(weft_pool_install(pool, offer_the_exit, NULL) == WEFT_OK);
}

static void exit_now(void *unused)
{
    (void)unused;
    exit(ENDED);
}

static void a_scoped_thread_exits(void)
{
    make_busy();
    WEFT_SCOPE(s) {
        weft_require(weft_scope_spawn(&s, exit_now, NULL) == WEFT_OK);
    }
}

/* ------------------------------------------------------- weft after main */

static weft_mutex late_mutex;
static bool late_use_wanted;

static void *lock_and_count(void *count)
{
    WEFT_LOCK(weft_mutex, g, &late_mutex) {
        ++*(int *)count;
    }
    return count;
}

static bool everything_works(void)
{
    int count = 0;
    weft_thread t;
    weft_thread_result end;
    weft_chan_type type = {.size = sizeof count, .align = sizeof count};
    weft_chan_tx tx;
    weft_chan_rx rx;
    weft_pool *pool;
    bool ok = fib(16) == 987 && weft_pool_workers(NULL) >= 1;
    ok = ok && weft_thread_spawn(&t, lock_and_count, &count) == WEFT_OK &&
         weft_thread_join(&t, &end) == WEFT_OK && count == 1;
    ok = ok && weft_chan_open(&type, 1, &tx, &rx) == WEFT_OK;
    if (ok) {
        ok = weft_chan_send(&tx, &count) == WEFT_OK &&
             weft_chan_recv(&rx, &count) == WEFT_OK;
        weft_chan_tx_drop(&tx);
        weft_chan_rx_drop(&rx);
    }
    ok = ok && weft_pool_create(&pool, NULL) == WEFT_OK;
    if (ok) {
        weft_pool_free(pool);
    }
    return ok;
}

static void work_late(void)
{
    if (!everything_works()) {
        _exit(1);
    }
}

static void an_exit_handler_uses_weft(void)
{
    (void)fib(20);
    (void)atexit(work_late);
    exit(ENDED);
}

static void a_late_destructor_uses_weft(void)
{
    (void)fib(20);
    late_use_wanted = true;
    exit(ENDED);
}

/* --------------------------------------------------------- detached threads
 *
 *     the detached thread                  the main thread
 *     reads the default pool's address
 *     starts its threads
 *                                          exit: stops them, frees the pool?
 *     claims a place in it
 */
static sem_t held_up, released, has_worked;
static __thread bool to_be_held_up;
static bool someone_is_held_up;

int real_unlock(pthread_mutex_t *m) __asm__("__real_pthread_mutex_unlock");
int held_unlock(pthread_mutex_t *m) __asm__("__wrap_pthread_mutex_unlock");

/* The library's last act before the thread has the address. */
int held_unlock(pthread_mutex_t *m)
{
    int result = real_unlock(m);
    if (to_be_held_up) {
        to_be_held_up = false;
        (void)sem_post(&held_up);
        (void)sem_wait(&released);
    }
    return result;
}

static void *come_late(void *unused)
{
    to_be_held_up = true;
    weft_require(fib(16) == 987);
    (void)sem_post(&has_worked);
    return unused;
}

static void a_detached_thread_enters_the_default_pool(void)
{
    weft_thread t;
    weft_require(weft_thread_spawn(&t, come_late, NULL) == WEFT_OK);
    weft_thread_detach(&t);
    (void)sem_wait(&held_up);
    someone_is_held_up = true;
    exit(ENDED);
}

static void *use_everything(void *unused)
{
    for (;;) {
        weft_require(everything_works());
        (void)sem_post(&begun);
    }
    return unused;
}

static void a_detached_thread_uses_everything(void)
{
    for (int i = 0; i < 2; i++) {
        weft_thread t;
        weft_require(weft_thread_spawn(&t, use_everything, NULL) == WEFT_OK);
        weft_thread_detach(&t);
        (void)sem_wait(&begun);
    }
    exit(ENDED);
}

/* Of this priority, it runs after the library's own destructors. */
__attribute__((destructor(101))) static void after_weft(void)
{
    if (someone_is_held_up) {
        (void)sem_post(&released);
        (void)sem_wait(&has_worked);
    }
    if (late_use_wanted) {
        work_late();
    }
}

/* ------------------------------------------------------------------- main */

typedef struct way {
    const char *name;
    void (*go)(void);
    int rounds; /* where chance has a say */
} way;

#define WAY(name, rounds)   \
    {                       \
#name, name, rounds \
    }
static const way ways[] = {
    WAY(main_exits_while_pools_are_busy, 3),
    WAY(quick_exit_while_pools_are_busy, 1),
    WAY(underscore_exit_while_pools_are_busy, 1),
    WAY(a_worker_exits, 3),
    WAY(a_task_exits_in_its_own_pool, 3),
    WAY(a_scoped_thread_exits, 3),
    WAY(an_exit_handler_uses_weft, 1),
    WAY(a_late_destructor_uses_weft, 1),
    WAY(a_detached_thread_enters_the_default_pool, 1),
    WAY(a_detached_thread_uses_everything, 10),
};

static const way *find(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(ways[i].name, name) == 0) {
            return &ways[i];
        }
    }
    return NULL;
}

static int go(const way *w)
{
    (void)alarm(20);
    (void)sem_init(&begun, 0, 0);
    (void)sem_init(&held_up, 0, 0);
    (void)sem_init(&released, 0, 0);
    (void)sem_init(&has_worked, 0, 0);
    w->go();
    return 1;
}

static bool ends_well(char *program, char *name)
{
    char child[] = "child";
    char *arguments[] = {program, name, child, NULL};
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
        (void)execv("/proc/self/exe", arguments);
        _exit(2);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != ENDED) {
        (void)fprintf(stderr, "%s: %s %d\n", name,
                      WIFEXITED(status) ? "exit code" : "signal",
                      WIFEXITED(status) ? WEXITSTATUS(status)
                                        : WTERMSIG(status));
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const way *w = argc >= 2 ? find(argv[1]) : NULL;
    if (w == NULL) {
        (void)fputs("usage: exit_host WAY\n", stderr);
        return 2;
    }
    if (argc == 3) {
        return go(w);
    }
    int rounds = w->rounds;
    while (rounds > 0 && ends_well(argv[0], argv[1])) {
        rounds--;
    }
    return rounds == 0 ? 0 : 1;
}
