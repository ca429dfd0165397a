#include "input.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/weft.h>

#include "options.h"

const struct value_type_facts value_types[] = {
    [TYPE_I8] = {"i8", 1},   [TYPE_I16] = {"i16", 2}, [TYPE_I32] = {"i32", 4},
    [TYPE_F32] = {"f32", 4}, [TYPE_F64] = {"f64", 8}, [TYPE_TEXT] = {"text", 1},
};

void *input_alloc(size_t count, size_t size)
{
    void *memory = reallocarray(NULL, count, size);
    if (memory == NULL) {
        error(EXIT_FAILED, 0, "out of memory: %zu values of %zu bytes", count,
              size);
    }
    return memory;
}

/* ------------------------------------------------------------- the proof */

#define LARGEST(name, T)                                         \
    static uint64_t name(const T *v, size_t n)                   \
    {                                                            \
        T low = 0, high = 0;                                     \
        for (size_t i = 0; i < n; i++) {                         \
            low = v[i] < low ? v[i] : low;                       \
            high = v[i] > high ? v[i] : high;                    \
        }                                                        \
        int64_t below = -(int64_t)low;                           \
        return (uint64_t)(below > high ? below : (int64_t)high); \
    }
LARGEST(largest_i8, int8_t)
LARGEST(largest_i16, int16_t)
LARGEST(largest_i32, int32_t)

static uint64_t largest_magnitude(const values *v)
{
    switch (v->type) {
    case TYPE_I8:
        return largest_i8(v->data, v->count);
    case TYPE_I16:
        return largest_i16(v->data, v->count);
    case TYPE_I32:
        return largest_i32(v->data, v->count);
    default:
        return 0; /* a sum of floating-point values does not wrap */
    }
}

static values prove(value_type type, void *data, size_t count)
{
    size_t size = value_types[type].size;
    values v = {
        .type = type, .data = data, .count = count, .bytes = count * size};
    uint64_t largest = largest_magnitude(&v); /* at most 2^31 */
    v.small = largest == 0 || count <= INT64_MAX / (largest * largest);
    return v;
}

/* -------------------------------------------------------------- the file */

/* The bytes of an input. */
typedef struct bytes {
    void *start;
    size_t length;
    bool mapped;
} bytes;

/* A mapped file that another process cuts short ends in SIGBUS, in any number
 * of threads at once; the first one tells. */
static void file_vanished(int signal_number)
{
    static weft_atomic_bool told;
    while (weft_atomic_bool_swap_relaxed(&told, true)) {
        (void)pause(); /* until the first one ends the process */
    }
    static const char message[] =
        "sum_squares: the input was cut short, or failed, while in use\n";
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    _exit(written < 0 ? EXIT_FAILED : EXIT_USAGE);
}

/* Map a regular file; {NULL} if that cannot be done, and reading may. */
static bytes map_file(int fd, const struct stat *facts)
{
    bytes b = {NULL, (size_t)facts->st_size, false};
    if (!S_ISREG(facts->st_mode) || b.length == 0 ||
        lseek(fd, 0, SEEK_CUR) != 0) {
        return b;
    }
    void *start = mmap(NULL, b.length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (start != MAP_FAILED) {
        (void)madvise(start, b.length, MADV_SEQUENTIAL);
        signal(SIGBUS, file_vanished);
        b.start = start;
        b.mapped = true;
    }
    return b;
}

/* Read to the end of something that has no length, such as a pipe; of one that
 * has no end either, half the machine's memory. */
static bytes read_stream(int fd, const char *path)
{
    const size_t most =
        (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
    size_t room = 1 << 16;
    bytes b = {input_alloc(room, 1), 0, false};
    for (;;) {
        ssize_t n = read(fd, (char *)b.start + b.length, room - b.length);
        if (n < 0 && errno != EINTR) {
            error(EXIT_USAGE, errno, "%s: reading at byte %zu", path, b.length);
        }
        if (n == 0) {
            return b;
        }
        b.length += n > 0 ? (size_t)n : 0;
        if (b.length > most) {
            error(EXIT_USAGE, 0, "%s: longer than half of the memory", path);
        }
        if (b.length == room) {
            room *= 2;
            b.start = realloc(b.start, room);
        }
        if (b.start == NULL) {
            error(EXIT_FAILED, 0, "%s: out of memory at %zu bytes", path, room);
        }
    }
}

static void release(bytes *b)
{
    if (b->mapped) {
        munmap(b->start, b->length);
    } else {
        free(b->start);
    }
}

static bytes open_and_take(const char *path, const char *shown)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
                                    : open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (fd < 0 || fstat(fd, &facts) != 0) {
        error(EXIT_USAGE, errno, "%s", shown);
    }
    if (S_ISDIR(facts.st_mode)) {
        error(EXIT_USAGE, EISDIR, "%s", shown);
    }
    bytes b = map_file(fd, &facts);
    if (b.start == NULL) {
        b = read_stream(fd, shown);
    }
    if (fd != STDIN_FILENO) {
        close(fd);
    }
    if (b.length == 0) {
        error(EXIT_USAGE, 0, "%s: is empty", shown);
    }
    return b;
}

const char *input_name(const char *path)
{
    if (path == NULL) {
        return "generated";
    }
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

values input_load(const char *path, value_type type)
{
    const char *shown = input_name(path);
    bytes b = open_and_take(path, shown);
    if (type == TYPE_TEXT) {
        size_t count;
        int32_t *numbers = text_parse(shown, b.start, b.length, &count);
        release(&b);
        return prove(TYPE_I32, numbers, count);
    }
    size_t size = value_types[type].size;
    size_t rest = b.length % size;
    if (rest != 0) {
        error(EXIT_USAGE, 0,
              "%s: cut off: %zu of the %zu bytes of an %s at byte %zu", shown,
              rest, size, value_types[type].name, b.length - rest);
    }
    values v = prove(type, b.start, b.length / size);
    v.mapped = b.mapped;
    return v;
}

void input_free(values *v)
{
    bytes b = {v->data, v->bytes, v->mapped};
    release(&b);
    v->data = NULL;
}

/* --------------------------------------------------------- the generator */

/* The i-th number of the stream that a seed names: splitmix64 (Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t random_bits(uint64_t seed, size_t i)
{
    uint64_t z = seed + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Integers of at most 17 bits and a sign: 2^29 of their squares fit int64_t.
 * Floating-point values lie in [-1, 1). */
static void generate(value_type type, void *data, size_t i, uint64_t bits)
{
    int32_t number = (int32_t)(bits >> 46) - (1 << 17);
    double real = number / (double)(1 << 17);
    switch (type) {
    case TYPE_I8:
        ((int8_t *)data)[i] = (int8_t)(number >> 10);
        break;
    case TYPE_I16:
        ((int16_t *)data)[i] = (int16_t)(number >> 2);
        break;
    case TYPE_F32:
        ((float *)data)[i] = (float)real;
        break;
    case TYPE_F64:
        ((double *)data)[i] = real;
        break;
    default:
        ((int32_t *)data)[i] = number;
        break;
    }
}

values input_generate(value_type type, size_t count, uint64_t seed)
{
    void *data = input_alloc(count, value_types[type].size);
    for (size_t i = 0; i < count; i++) {
        generate(type, data, i, random_bits(seed, i));
    }
    return prove(type, data, count);
}
