/* Reductions. */
#include <weft/par/pool.h>
#include <weft/par/reduce.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

WEFT_PAR_SUM(int64_t, sum_of_squares, const int32_t *, v, i)
{
    return (int64_t)v[i] * v[i];
}

WEFT_PAR_SUM(double, sum_of_doubles, const double *, v, i)
{
    return v[i];
}

WEFT_PAR_SUM(float, slow_sum, const float *, v, i)
{
    float x = v[i];
    for (int k = 0; k < 3000; k++) {
        x = x * 0.999f + 0.001f;
    }
    return x;
}

WEFT_PAR_SUM(uint8_t, sum_that_wraps, const uint8_t *, v, i)
{
    return v[i];
}

WEFT_PAR_SUM_CHECKED(int32_t, sum_checked, const int32_t *, v, i)
{
    return v[i];
}

/* Associative, not commutative: 2x2 matrices modulo 2^32. */
typedef struct matrix {
    uint32_t a, b, c, d;
} matrix;

static matrix times(matrix x, matrix y)
{
    matrix r = {x.a * y.a + x.b * y.c, x.a * y.b + x.b * y.d,
                x.c * y.a + x.d * y.c, x.c * y.b + x.d * y.d};
    return r;
}

static matrix unit(void)
{
    matrix m = {1, 0, 0, 1};
    return m;
}

static matrix matrix_of(uint32_t x)
{
    matrix m = {x, 1, x * 7 + 3, x ^ 5};
    return m;
}

WEFT_PAR_REDUCE(matrix, product, unit(), times, const uint32_t *, v, i)
{
    return matrix_of(v[i]);
}

Test(reduce, sum_is_exact_for_every_size)
{
    size_t sizes[] = {0, 1, 2, 33, 1000, 65537, 2000003};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int32_t *v = malloc((sizes[k] + 1) * sizeof *v);
        int64_t expected = 0;
        for (size_t i = 0; i < sizes[k]; i++) {
            v[i] = (int32_t)(uint32_t)(i * 2654435761u) >> 12;
            expected += (int64_t)v[i] * v[i];
        }
        cr_expect_eq(sum_of_squares(v, sizes[k]), expected);
        free(v);
    }
}

Test(reduce, unsigned_sum_wraps)
{
    uint8_t v[1000];
    memset(v, 3, sizeof v);
    cr_expect_eq(sum_that_wraps(v, sizeof v), (uint8_t)3000);
}

Test(reduce, checked_sum_reports_overflow)
{
    int32_t v[3] = {INT32_MAX - 1, 1, 1};
    int32_t sum = 0;
    cr_expect_eq(sum_checked(v, 2, &sum), WEFT_OK);
    cr_expect_eq(sum, INT32_MAX);
    cr_expect_eq(sum_checked(v, 3, &sum), WEFT_OVERFLOW);
}

Test(reduce, combines_from_left_to_right)
{
    enum { N = 1000000 };
    uint32_t *v = malloc(N * sizeof *v);
    matrix expected = unit();
    for (uint32_t i = 0; i < N; i++) {
        v[i] = i * 2654435761u;
        expected = times(expected, matrix_of(v[i]));
    }
    for (int round = 0; round < 5; round++) {
        matrix got = product(v, N);
        cr_expect_eq(memcmp(&got, &expected, sizeof got), 0);
    }
    free(v);
}

typedef struct floats {
    double *v;
    size_t n;
    double sum;
    float slow;
} floats;

static void sum_floats(void *arg)
{
    floats *f = arg;
    float small[777];
    for (size_t i = 0; i < 777; i++) {
        small[i] = (float)f->v[i] * 1000.0f;
    }
    f->sum = sum_of_doubles(f->v, f->n);
    f->slow = slow_sum(small, 777);
}

Test(reduce, float_sum_is_the_same_for_any_number_of_workers)
{
    floats f = {.n = 777777};
    f.v = malloc(f.n * sizeof *f.v);
    for (size_t i = 0; i < f.n; i++) {
        f.v[i] = 1.0 / (double)(1 + i * 2654435761u % 100003);
    }
    double sum = 0;
    float slow = 0;
    for (size_t workers = 1; workers <= 8; workers++) {
        weft_pool *pool;
        weft_pool_config config = {.workers = workers};
        cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
        for (int round = 0; round < 10; round++) {
            cr_assert_eq(weft_pool_install(pool, sum_floats, &f), WEFT_OK);
            if (workers == 1 && round == 0) {
                sum = f.sum;
                slow = f.slow;
            }
            cr_assert_eq(memcmp(&f.sum, &sum, sizeof sum), 0);
            cr_assert_eq(memcmp(&f.slow, &slow, sizeof slow), 0);
        }
        weft_pool_free(pool);
    }
    free(f.v);
}
