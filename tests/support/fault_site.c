#include "support/fault_site.h"

#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

enum { DEPTH = 32 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* The program comes first; what it was linked for is base below that. */
static int base_of_program(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

static void program_path(char *path, size_t size)
{
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length > 0 ? length : 0] = '\0';
}

/* One file a test: suite, test and program in its first line. */
static FILE *open_story(const char *directory)
{
    static bool begun; /* guarded by mutex */
    char path[512];
    const struct criterion_test *t = criterion_current_test;
    snprintf(path, sizeof path, "%s/%s.%s", directory, t->category, t->name);
    FILE *story = fopen(path, begun ? "a" : "w");
    if (story && !begun) {
        program_path(path, sizeof path);
        fprintf(story, "%s::%s %s\n", t->category, t->name, path);
        begun = true;
    }
    return story;
}

static void write_stack(FILE *story)
{
    void *frames[DEPTH];
    uintptr_t base = 0;
    dl_iterate_phdr(base_of_program, &base);
    const int depth = backtrace(frames, DEPTH);
    for (int i = 0; i < depth; i++) {
        fprintf(story, "%#zx ", (size_t)((uintptr_t)frames[i] - base));
    }
    fputc('\n', story);
}

void test_fault_site(void)
{
    const char *directory = getenv("WEFT_FAULT_SITES");
    if (!directory || !*directory || !criterion_current_test) {
        return;
    }
    pthread_mutex_lock(&mutex);
    FILE *story = open_story(directory);
    if (story) {
        write_stack(story);
        fclose(story);
    }
    pthread_mutex_unlock(&mutex);
}
