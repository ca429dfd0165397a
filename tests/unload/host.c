/* Loads the plug-in named on the command line, uses it, and unloads it, many
 * times. Row 33 of the list of known bugs (oneTBB#977, libosmium#213): workers
 * that outlive the library they run in. */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
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
    if (result != 6765 || during != 4 || threads() != 1) {
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

int main(int argc, char **argv)
{
    int failures = argc == 2 ? outlived(argv[1]) : 1;
    for (int i = 0; i < ROUNDS && failures == 0; i++) {
        failures += round_trip(argv[1]);
    }
    return failures;
}
