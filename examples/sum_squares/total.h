/* What every method must arrive at: a sum of squares, exact for integers. */
#ifndef SUM_SQUARES_TOTAL_H
#define SUM_SQUARES_TOTAL_H

#include <stddef.h>
#include <stdint.h>
#include <weft/weft.h>

/* A square is never negative, so the sum of integers is one unsigned number of
 * 128 bits, high and low, which no input that fits into memory can overflow.
 * Floating-point values are summed in `real`. A plain value; zero is empty. */
typedef struct total {
    uint64_t high;
    uint64_t low;
    double real;
} total;

WEFT_SEND(total);

/* a + b, with the carry. */
total total_add(total a, total b);

/* The total of one sum: of squares that fit int64_t, or of reals. */
total total_of(int64_t sum);
total total_of_real(double sum);

/* The total of at most HALVES_MAX squares of 32-bit numbers, whose upper and
 * lower 32 bits were summed apart. */
#define HALVES_MAX ((size_t)1 << 31)
total total_of_halves(uint64_t upper, uint64_t lower);

/* Room for the 39 digits of 2^128, the commas between them, and the end. */
enum { TOTAL_DIGITS = 56 };

/* The integer in decimal, its digits grouped by commas, written to the end of
 * `text`; returns where it starts. */
const char *total_format(total t, char text[TOTAL_DIGITS]);

#endif
