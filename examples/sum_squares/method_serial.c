/* The loop, in the two forms that keep integers exact. */
#include "methods.h"

#define SQUARES(name, T, S)              \
    static S name(const T *v, size_t n)  \
    {                                    \
        S sum = 0;                       \
        for (size_t i = 0; i < n; i++) { \
            sum += (S)v[i] * v[i];       \
        }                                \
        return sum;                      \
    }
SQUARES(squares_i8, int8_t, int64_t)
SQUARES(squares_i16, int16_t, int64_t)
SQUARES(squares_i32, int32_t, int64_t)
SQUARES(squares_f32, float, double)
SQUARES(squares_f64, double, double)

/* When int64_t might overflow: the upper and the lower half of each square go
 * into sums of their own, which 2^32 halves cannot overflow. It vectorises
 * like the plain loop. */
static total halves_i32(const int32_t *v, size_t n)
{
    uint64_t upper = 0;
    uint64_t lower = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t square = (uint64_t)((int64_t)v[i] * v[i]);
        upper += square >> 32;
        lower += square & UINT32_MAX;
    }
    return total_of_halves(upper, lower);
}

static total wide_i32(const int32_t *v, size_t n)
{
    total t = {0};
    for (size_t begin = 0; begin < n; begin += HALVES_MAX) {
        size_t rest = n - begin;
        size_t length = rest < HALVES_MAX ? rest : HALVES_MAX;
        t = total_add(t, halves_i32(v + begin, length));
    }
    return t;
}

total sum_range(const values *v, size_t begin, size_t end)
{
    size_t n = end - begin;
    switch (v->type) {
    case TYPE_I8:
        return total_of(squares_i8((const int8_t *)v->data + begin, n));
    case TYPE_I16:
        return total_of(squares_i16((const int16_t *)v->data + begin, n));
    case TYPE_F32:
        return total_of_real(squares_f32((const float *)v->data + begin, n));
    case TYPE_F64:
        return total_of_real(squares_f64((const double *)v->data + begin, n));
    default:
        break;
    }
    const int32_t *first = (const int32_t *)v->data + begin;
    return v->small ? total_of(squares_i32(first, n)) : wide_i32(first, n);
}

weft_status sum_serial(const values *v, unsigned threads, total *result)
{
    (void)threads;
    *result = sum_range(v, 0, v->count);
    return WEFT_OK;
}
