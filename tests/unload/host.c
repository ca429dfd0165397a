/* Loads the plug-in named on the command line, uses it, and unloads it, many
 * times. Row 33 of the list of known bugs (oneTBB#977, libosmium#213): workers
 * that outlive the library they run in. */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 50 };

static int threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    while (tasks != NULL && readdir(tasks) != NULL) {
        count++;
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
    return count - 2; /* . and .. */
}

/* A thread that has been joined is still listed for a moment. */
static bool alone(void)
{
    for (int i = 0; i < 100000 && threads() != 1; i++) {
        (void)sched_yield();
    }
    return threads() == 1;
}

static int round_trip(const char *path)
{
    uint64_t (*fib)(int);
    void *plugin = dlopen(path, RTLD_NOW);
    if (plugin == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    void *symbol = dlsym(plugin, "plugin_fib");
    memcpy(&fib, &symbol, sizeof fib);
    uint64_t result = fib(20);
    int during = threads();
    (void)dlclose(plugin);
    if (result != 6765 || during != 4 || !alone()) {
        (void)fprintf(stderr, "fib %d, %d threads, %d after\n", (int)result,
                      during, threads());
        return 1;
    }
    return 0;
}

typedef struct lodger {
    void (*use)(void);
    sem_t moved_in;
    sem_t unloaded;
} lodger;

static void *outlive(void *arg)
{
    lodger *l = arg;
    l->use();
    (void)sem_post(&l->moved_in);
    (void)sem_wait(&l->unloaded);
    return arg;
}

/* A thread that has locked something of the plug-in ends after it is gone. */
static int outlived(const char *path)
{
    lodger l;
    void *plugin = dlopen(path, RTLD_NOW);
    if (plugin == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    void *symbol = dlsym(plugin, "plugin_lock");
    memcpy(&l.use, &symbol, sizeof l.use);
    (void)sem_init(&l.moved_in, 0, 0);
    (void)sem_init(&l.unloaded, 0, 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, outlive, &l) != 0) {
        return 1;
    }
    (void)sem_wait(&l.moved_in);
    (void)dlclose(plugin);
    bool gone = dlopen(path, RTLD_NOW | RTLD_NOLOAD) == NULL;
    (void)sem_post(&l.unloaded);
    void *result = NULL;
    (void)pthread_join(thread, &result);
    return gone && result == &l ? 0 : 1;
}

/* Threads of the host use the plug-in until the very moment before it goes: its
 * workers are still at it, or look for more. */
typedef struct tenant {
    uint64_t (*fib)(int);
    uint64_t wrong;
} tenant;

static void *use_to_the_last(void *arg)
{
    tenant *t = arg;
    for (int i = 0; i < 20; i++) {
        t->wrong += t->fib(16) != 987;
    }
    return NULL;
}

static int used_to_the_last(const char *path)
{
    enum { TENANTS = 3 };
    pthread_t threads_of[TENANTS];
    tenant t[TENANTS];
    uint64_t wrong = 0;
    void *plugin = dlopen(path, RTLD_NOW);
    if (plugin == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    void *symbol = dlsym(plugin, "plugin_fib");
    for (size_t i = 0; i < TENANTS; i++) {
        t[i].wrong = 0;
        memcpy(&t[i].fib, &symbol, sizeof t[i].fib);
        if (pthread_create(&threads_of[i], NULL, use_to_the_last, &t[i]) != 0) {
            return 1;
        }
    }
    for (size_t i = 0; i < TENANTS; i++) {
        (void)pthread_join(threads_of[i], NULL);
        wrong += t[i].wrong;
    }
    (void)dlclose(plugin);
    if (wrong == 0 && alone()) {
        return 0;
    }
    (void)fprintf(stderr, "%d wrong, %d threads after\n", (int)wrong,
                  threads());
    return 1;
}

int main(int argc, char **argv)
{
    int failures = argc == 2 ? outlived(argv[1]) : 1;
    for (int i = 0; i < ROUNDS && failures == 0; i++) {
        failures += round_trip(argv[1]) + used_to_the_last(argv[1]);
    }
    return failures;
}
