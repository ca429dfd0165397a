/* The values to sum: out of a file, a pipe, or a generator. */
#ifndef SUM_SQUARES_INPUT_H
#define SUM_SQUARES_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* TYPE_TEXT is how a file is written; what is read from it is TYPE_I32. */
typedef enum value_type {
    TYPE_I8,
    TYPE_I16,
    TYPE_I32,
    TYPE_F32,
    TYPE_F64,
    TYPE_TEXT
} value_type;

/* By value_type: what it is called, and the bytes a value takes in a file. */
extern const struct value_type_facts {
    const char *name;
    size_t size;
} value_types[TYPE_TEXT + 1];

/* The values in memory, until input_free.
 * `small` is the proof that a sum of int64_t cannot overflow: the square of
 * the largest magnitude, times the count, still fits. */
typedef struct values {
    value_type type; /* never TYPE_TEXT */
    void *data;      /* only to be read */
    size_t count;
    size_t bytes;
    bool small;
    bool mapped;
} values;

/* Every function below ends the program with a message on standard error when
 * it cannot do its work: EXIT_USAGE for an input that is missing, unreadable,
 * empty, cut off or wrong (and says where), EXIT_FAILED when memory ran out. */

/* What to call an input in messages; NULL is the generator. */
const char *input_name(const char *path);

/* The values of a file, mapped where that works, else read. "-" is standard
 * input. */
values input_load(const char *path, value_type type);

/* `count` pseudo-random values, the same for the same seed everywhere. */
values input_generate(value_type type, size_t count, uint64_t seed);

void input_free(values *v);

/* The integers of a text; `path` is for the message. The array comes from
 * malloc, and *count of them are in it. */
int32_t *text_parse(const char *path, const char *text, size_t length,
                    size_t *count);

/* Memory for `count` values of `size` bytes. */
void *input_alloc(size_t count, size_t size);

#endif
