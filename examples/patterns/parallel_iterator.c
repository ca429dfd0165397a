/* A parallel iterator is a loop body. C's own `if` is the filter, expressions
 * are the map, and inner loops the flat map; weft gives the source, the
 * splitting and the sink. */
#include <stdio.h>
#include <weft/weft.h>

enum { LENGTH = 1000000 };

/* Map into place: each index writes its own element. */
WEFT_PAR_FOR(fill, int32_t *, v, i)
{
    v[i] = (int32_t)i % 1000 - 500;
}

/* Map, then sum. */
WEFT_PAR_SUM(int64_t, sum_of_squares, const int32_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

/* Filter, map, and collect in order. */
WEFT_PAR_COLLECT(int64_t, even_squares, const int32_t *, v, i)
{
    if (v[i] % 2 == 0) {
        weft_emit((int64_t)v[i] * v[i]);
    }
}

/* Map, then fold with an operation of one's own. */
static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

WEFT_PAR_REDUCE(int32_t, largest, INT32_MIN, larger, const int32_t *, v, i)
{
    return v[i];
}

int main(void)
{
    static int32_t v[LENGTH];
    fill(v, LENGTH); /* a thousand rounds of -500 to 499 */
    int64_t squares = sum_of_squares(v, LENGTH);
    int32_t top = largest(v, LENGTH);
    even_squares_list even;
    weft_require(even_squares(v, LENGTH, &even) == WEFT_OK);
    bool right = squares == 83333500000 && top == 499 &&
                 even.count == LENGTH / 2 && even.items[1] == 498 * 498;
    printf("squares %ld, largest %d, %zu even\n", (long)squares, top,
           even.count);
    even_squares_free(&even);
    return right ? 0 : 1;
}
