/* The table of times, drawn for whoever looks at it. */
#ifndef SUM_SQUARES_TABLE_H
#define SUM_SQUARES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct row {
    const char *name;
    double seconds;
    bool agrees;
} row;

/* Print a row for each method, the first being the one to compare with, which
 * summed `bytes` bytes; with a bar where the line has room for it. In a
 * terminal the line is as long as the terminal (or $COLUMNS) is wide, and has
 * colours unless $NO_COLOR forbids them; else it is plain and 80 long. Bars
 * are made of block characters if the locale has them. */
void table_print(const row *rows, size_t count, size_t bytes);

#endif
