/* What a fuzz target is: a function that is given bytes, feeds them to a parser
 * and compares what it says with what a slow and simple reader of its own says.
 * It is called by libFuzzer, which invents bytes, or by replay.c, which reads
 * them from the files of corpus/. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The oracle: not for what the parser refuses, but for what it gets wrong. */
#define fuzz_require(cond)                                                \
    do {                                                                  \
        if (!(cond)) {                                                    \
            fprintf(stderr, "%s:%d: the parser is wrong: %s\n", __FILE__, \
                    __LINE__, #cond);                                     \
            abort();                                                      \
        }                                                                 \
    } while (0)

/* The bytes as a string of their own, to be freed; cut at the first zero. In
 * memory that ends with it, so that AddressSanitizer sees who reads on. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
    size_t length = strnlen((const char *)data, size);
    char *text = malloc(length + 1);
    if (text == NULL) {
        abort();
    }
    memcpy(text, data, length);
    text[length] = '\0';
    return text;
}

#endif
