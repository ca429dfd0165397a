/* Loops, sums and collections, shared out to several threads.
 * planted 1: count_without_care */
#include <weft/weft.h>

enum { N = 300 };
static long squares[N];
static long careless;

__attribute__((noinline)) static void count_without_care(void)
{
    careless++;
}

/* Long enough for another thread to be worth waking. */
static void take_some_time(void)
{
    uint64_t end = weft_now_ns() + 100000;
    while (weft_now_ns() < end) {
    }
}

WEFT_PAR_FOR(square_all, long *, v, i)
{
    take_some_time();
    if (PLANTED == 1) {
        count_without_care();
    }
    v[i] = (long)i * (long)i;
}

WEFT_PAR_SUM(long, sum_all, const long *, v, i)
{
    take_some_time();
    return v[i];
}

WEFT_PAR_SUM(double, sum_real, const long *, v, i)
{
    take_some_time();
    return (double)v[i];
}

WEFT_PAR_COLLECT(long, even, const long *, v, i)
{
    take_some_time();
    if (v[i] % 2 == 0) {
        weft_emit(v[i]);
    }
}

int main(void)
{
    even_list list;
    square_all(squares, N);
    weft_require(sum_all(squares, N) == 8955050);
    weft_require(sum_real(squares, N) == 8955050);
    weft_require(even(squares, N, &list) == WEFT_OK);
    weft_require(list.count == N / 2 && list.items[1] == 4);
    even_free(&list);
    count_without_care();
    return 0;
}
