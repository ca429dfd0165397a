/* 5. A counter that all bodies of a loop change
 *
 * gcc-12    error      increment of member 'zeros' in read-only object
 * clang-14  error      cannot assign to variable 's' with const-qualified type
 *                      'const search *'
 * clang-19  error      cannot assign to variable 's' with const-qualified type
 *                      'const search *'
 */
#include <weft/weft.h>

#include <stdio.h>

#ifdef FIXED
WEFT_PAR_SUM(size_t, count_zeros, const int *, v, i)
{
    return v[i] == 0;
}
#else
typedef struct search {
    const int *v;
    size_t zeros;
} search;

WEFT_PAR_FOR(count, const search *, s, i)
{
    if (s->v[i] == 0) {
        s->zeros++;
    }
}

static size_t count_zeros(const int *v, size_t n)
{
    search s = {v, 0};
    count(&s, n);
    return s.zeros;
}
#endif

int main(void)
{
    static const int v[1000] = {1, 2, 3};
    printf("%zu zeros\n", count_zeros(v, 1000));
    return 0;
}
