/* Whole numbers on the command line. */
#ifndef SUM_SQUARES_NUMBER_H
#define SUM_SQUARES_NUMBER_H

#include <stddef.h>
#include <stdint.h>

typedef enum number_is {
    NUMBER_FITS,
    NUMBER_IS_NONE,    /* the text is empty, or goes on after its digits */
    NUMBER_IS_OUTSIDE, /* of [least, most] */
} number_is;

/* The whole number that all of `text` is, in decimal digits. *number is
 * written if it fits; *digits is how many the text begins with. */
number_is number_read(const char *text, uint64_t least, uint64_t most,
                      uint64_t *number, size_t *digits);

#endif
