/* What the command line asks for. */
#ifndef SUM_SQUARES_OPTIONS_H
#define SUM_SQUARES_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

/* How the program ends: all sums agree; they do not, or the machine refused
 * memory or threads; the command line or the input is wrong. */
enum { EXIT_AGREE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct run_options {
    const char *input; /* a path, "-" for standard input, NULL: generate */
    value_type type;
    size_t count; /* values to generate */
    uint64_t seed;
    unsigned rounds;
    unsigned threads; /* 0: as many as the machine allows */
    bool demo;
} run_options;

/* Read the command line, or end the program with EXIT_USAGE and a message that
 * names what is wrong and where. */
run_options options_parse(int argc, char **argv);

#endif
