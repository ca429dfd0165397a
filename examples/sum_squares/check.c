#include "check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* Add the squares in long double, carrying along what each addition rounds
 * away (Knuth's two-sum; Neumaier 1974). */
static long double compensated(const values *v)
{
    const float *f32 = v->data;
    const double *f64 = v->data;
    long double sum = 0;
    long double lost = 0;
    long double plain = 0; /* right when infinities make the others NaN */
    for (size_t i = 0; i < v->count; i++) {
        long double x = v->type == TYPE_F32 ? (long double)f32[i] : f64[i];
        long double square = x * x;
        long double next = sum + square;
        long double took = next - sum;
        lost += (sum - (next - took)) + (square - took);
        sum = next;
        plain += square;
    }
    return isfinite(plain) ? sum + lost : plain;
}

expectation check_expect(const values *v, total serial)
{
    expectation e = {.exact = serial};
    e.is_real = v->type == TYPE_F32 || v->type == TYPE_F64;
    if (e.is_real) {
        /* n additions of numbers that are not negative, in any order, and one
         * product each: every rounding is at most half a unit in the last
         * place, relatively 2^-53, or half the least double. */
        long double n = (long double)v->count + 1;
        e.real = compensated(v);
        e.allowed = n * (e.real * (DBL_EPSILON / 2) + DBL_TRUE_MIN);
    }
    return e;
}

bool check_agrees(const expectation *e, total t)
{
    if (!e->is_real) {
        return t.high == e->exact.high && t.low == e->exact.low;
    }
    if (isnan(e->real) || isinf(e->real)) {
        return isnan(e->real) ? isnan(t.real) : isinf(t.real);
    }
    if (isinf(t.real)) {
        return e->real + e->allowed >= DBL_MAX; /* it had to overflow */
    }
    return fabsl(t.real - e->real) <= e->allowed;
}

void check_print(const expectation *e)
{
    if (!e->is_real) {
        char text[TOTAL_DIGITS];
        bool fits = e->exact.high == 0 && e->exact.low <= INT64_MAX;
        printf("sum %s, exact%s\n", total_format(e->exact, text),
               fits ? "" : "; it overflows 64 bits, so 128 were used");
    } else if (!isfinite(e->real)) {
        printf("sum %Lg, since some of the values are not finite\n", e->real);
    } else {
        printf("sum %.17Lg, with compensation; right within %.2Lg%s\n", e->real,
               e->allowed, e->real > DBL_MAX ? "; it overflows a double" : "");
    }
}
