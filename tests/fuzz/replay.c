/* Runs a fuzz target on the files of the directories named on the command line,
 * and on every beginning of each of them, in any build. */
#include "fuzz.h"

#include <dirent.h>

enum { MOST = 1 << 16, CUTS = 512 };

static size_t read_file(const char *directory, const char *name, uint8_t *bytes)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(bytes, 1, MOST, file);
    (void)fclose(file);
    return size;
}

/* In memory of its own size, so that nothing read beyond it stays unseen. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, bytes, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static unsigned replay(const char *directory)
{
    static uint8_t bytes[MOST];
    unsigned inputs = 0;
    DIR *files = opendir(directory);
    if (files == NULL) {
        perror(directory);
        exit(EXIT_FAILURE);
    }
    for (struct dirent *f = readdir(files); f != NULL; f = readdir(files)) {
        if (f->d_name[0] == '.') {
            continue;
        }
        size_t size = read_file(directory, f->d_name, bytes);
        for (size_t cut = 0; cut < size && cut < CUTS; cut++) {
            run(bytes, cut);
        }
        run(bytes, size);
        inputs++;
    }
    (void)closedir(files);
    return inputs;
}

int main(int argc, char **argv)
{
    unsigned inputs = 0;
    for (int i = 1; i < argc; i++) {
        inputs += replay(argv[i]);
    }
    printf("%u inputs, and every beginning of each\n", inputs);
    return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
