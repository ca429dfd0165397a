/* The loop's body, and nothing else: weft splits, and the compiler vectorises.
 */
#include "methods.h"

WEFT_PAR_SUM(int64_t, par_i8, const int8_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

WEFT_PAR_SUM(int64_t, par_i16, const int16_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

WEFT_PAR_SUM(int64_t, par_i32, const int32_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

WEFT_PAR_SUM(double, par_f32, const float *, v, i)
{
    return (double)v[i] * v[i];
}

WEFT_PAR_SUM(double, par_f64, const double *, v, i)
{
    return v[i] * v[i];
}

/* When int64_t might overflow: both halves of each square, summed apart. */
typedef struct halves {
    uint64_t upper;
    uint64_t lower;
} halves;

static inline halves halves_add(halves a, halves b)
{
    return (halves){a.upper + b.upper, a.lower + b.lower};
}

WEFT_PAR_REDUCE(halves, par_halves, ((halves){0, 0}), halves_add,
                const int32_t *, v, i)
{
    uint64_t square = (uint64_t)((int64_t)v[i] * v[i]);
    return (halves){square >> 32, square & UINT32_MAX};
}

static total par_wide(const int32_t *v, size_t n)
{
    total sum = {0};
    for (size_t begin = 0; begin < n; begin += HALVES_MAX) {
        size_t rest = n - begin;
        halves h = par_halves(v + begin, rest < HALVES_MAX ? rest : HALVES_MAX);
        sum = total_add(sum, total_of_halves(h.upper, h.lower));
    }
    return sum;
}

static total par_sum(const values *v)
{
    switch (v->type) {
    case TYPE_I8:
        return total_of(par_i8(v->data, v->count));
    case TYPE_I16:
        return total_of(par_i16(v->data, v->count));
    case TYPE_F32:
        return total_of_real(par_f32(v->data, v->count));
    case TYPE_F64:
        return total_of_real(par_f64(v->data, v->count));
    default:
        return v->small ? total_of(par_i32(v->data, v->count))
                        : par_wide(v->data, v->count);
    }
}

weft_status sum_par(const values *v, unsigned threads, total *result)
{
    (void)threads; /* main installed a pool of as many workers */
    *result = par_sum(v);
    return WEFT_OK;
}
