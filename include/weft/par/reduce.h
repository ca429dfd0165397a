/* Parallel reduction: one value out of one expression for each index.
 *
 *     WEFT_PAR_SUM(int64_t, sum_of_squares, const int32_t *, v, i)
 *     {
 *         return (int64_t)v[i] * v[i];
 *     }
 *     int64_t total = sum_of_squares(values, n);
 *
 * How the loop is shared out, and what holds for bodies, threads and panics,
 * stands in <weft/par/for.h>. The values are combined from left to right, but
 * grouped as the work happens to be cut. Integers do not care. For a floating
 * type of R the grouping is fixed by n alone, a tree over small leaves: the
 * result is the same bits for any number of workers and in every run. */
#ifndef WEFT_PAR_REDUCE_H
#define WEFT_PAR_REDUCE_H

#include <weft/base/status.h>
#include <weft/par/for.h>

#ifdef __cplusplus
#include <type_traits>
#define WEFTI_IS_FLOATING(R) (std::is_floating_point<R>::value)
#else
#define WEFTI_IS_FLOATING(R)                    \
    (__builtin_types_compatible_p(R, float) ||  \
     __builtin_types_compatible_p(R, double) || \
     __builtin_types_compatible_p(R, long double))
#endif

/* Define `R name(T v, size_t n)`: the sum of what the body returns for each i
 * in [0, n); R is an arithmetic type, and (R)0 is the sum of nothing. Blocks;
 * allocates nothing. The sum is computed in R as C does: unsigned types wrap,
 * a signed overflow is the program's error. Choose R wide enough, or use
 * WEFT_PAR_SUM_CHECKED. */
#define WEFT_PAR_SUM(R, name, T, v, i)                        \
    WEFT_ALWAYS_INLINE R name##_weft_plus(R weft_a, R weft_b) \
    {                                                         \
        return (R)(weft_a + weft_b);                          \
    }                                                         \
    WEFT_PAR_REDUCE(R, name, (R)0, name##_weft_plus, T, v, i)

/* Define `R name(T v, size_t n)`: combine(identity, body(0), body(1), ...).
 * `combine(a, b)` is a function or macro of two R that is associative; it need
 * not be commutative. `identity` is an expression that changes nothing when
 * combined. R is any type that can be assigned. Blocks; allocates nothing. */
#define WEFT_PAR_REDUCE(R, name, identity, combine, T, v, i)                  \
    WEFT_ALWAYS_INLINE R name##_weft_step(T v, size_t i);                     \
    WEFTI_LOOP_TYPE(name, T)                                                  \
    WEFTI_FOLD_STATE(R, name, identity, combine)                              \
    WEFT_ALWAYS_INLINE R name##_weft_loop_over(T weft_arg, size_t weft_first, \
                                               size_t weft_end, R weft_acc)   \
    {                                                                         \
        for (size_t weft_i = weft_first; weft_i < weft_end; weft_i++) {       \
            weft_acc = combine(weft_acc, name##_weft_step(weft_arg, weft_i)); \
        }                                                                     \
        return weft_acc;                                                      \
    }                                                                         \
    WEFTI_VECTORIZE WEFT_INLINE R name##_weft_narrow(                         \
        T weft_arg, size_t weft_first, size_t weft_end, R weft_acc)           \
    {                                                                         \
        return name##_weft_loop_over(weft_arg, weft_first, weft_end,          \
                                     weft_acc);                               \
    }                                                                         \
    WEFTI_WIDE WEFT_INLINE R name##_weft_wide(T weft_arg, size_t weft_first,  \
                                              size_t weft_end, R weft_acc)    \
    {                                                                         \
        return name##_weft_loop_over(weft_arg, weft_first, weft_end,          \
                                     weft_acc);                               \
    }                                                                         \
    WEFT_INLINE R name##_weft_fold(T weft_arg, size_t weft_first,             \
                                   size_t weft_end, R weft_acc)               \
    {                                                                         \
        return WEFTI_PICK_WIDE(name##_weft_wide, name##_weft_narrow)(         \
            weft_arg, weft_first, weft_end, weft_acc);                        \
    }                                                                         \
    WEFTI_FOLD_CHUNK(R, name, identity, T)                                    \
    WEFT_INLINE R name(T v, size_t weft_n)                                    \
    {                                                                         \
        name##_weft_loop weft_loop;                                           \
        name##_weft_state weft_state;                                         \
        name##_weft_start(&weft_state);                                       \
        wefti_loop_init(&weft_loop.base,                                      \
                        WEFTI_IS_FLOATING(R) ? wefti_fold_leaf(weft_n) : 0);  \
        weft_loop.base.chunk = name##_weft_chunk;                             \
        weft_loop.base.split = name##_weft_split;                             \
        weft_loop.base.merge = name##_weft_merge;                             \
        weft_loop.arg = v;                                                    \
        wefti_loop_run(&weft_loop.base, &weft_state, weft_n);                 \
        return name##_weft_finish(&weft_state);                               \
    }                                                                         \
    WEFT_ALWAYS_INLINE R name##_weft_step(WEFT_UNUSED T v, WEFT_UNUSED size_t i)

/* Define `weft_status name(T v, size_t n, R *sum)` for an integer type R.
 * WEFT_OK: *sum is the sum.  WEFT_OVERFLOW: it does not fit R; *sum is what
 * the sum is modulo 2^bits. A partial sum that overflows counts even if later
 * values would bring it back. Slower than WEFT_PAR_SUM: it does not
 * vectorise. */
#define WEFT_PAR_SUM_CHECKED(R, name, T, v, i)                               \
    typedef struct name##_weft_sum {                                         \
        R value;                                                             \
        bool overflow;                                                       \
    } name##_weft_sum;                                                       \
    WEFT_ALWAYS_INLINE R name##_weft_value(T v, size_t i);                   \
    WEFT_INLINE name##_weft_sum name##_weft_make(R weft_value)               \
    {                                                                        \
        name##_weft_sum weft_sum;                                            \
        weft_sum.value = weft_value;                                         \
        weft_sum.overflow = false;                                           \
        return weft_sum;                                                     \
    }                                                                        \
    WEFT_INLINE name##_weft_sum name##_weft_plus(name##_weft_sum weft_a,     \
                                                 name##_weft_sum weft_b)     \
    {                                                                        \
        name##_weft_sum weft_sum;                                            \
        bool weft_over = __builtin_add_overflow(weft_a.value, weft_b.value,  \
                                                &weft_sum.value);            \
        weft_sum.overflow = weft_over || weft_a.overflow || weft_b.overflow; \
        return weft_sum;                                                     \
    }                                                                        \
    WEFT_PAR_REDUCE(name##_weft_sum, name##_weft_all, name##_weft_make(0),   \
                    name##_weft_plus, T, v, i)                               \
    {                                                                        \
        return name##_weft_make(name##_weft_value(v, i));                    \
    }                                                                        \
    WEFT_NODISCARD WEFT_INLINE weft_status name(T v, size_t weft_n,          \
                                                R *weft_sum)                 \
    {                                                                        \
        name##_weft_sum weft_all = name##_weft_all(v, weft_n);               \
        *weft_sum = weft_all.value;                                          \
        return weft_all.overflow ? WEFT_OVERFLOW : WEFT_OK;                  \
    }                                                                        \
    WEFT_ALWAYS_INLINE R name##_weft_value(WEFT_UNUSED T v,                  \
                                           WEFT_UNUSED size_t i)

/* Leaves for a tree over n indices: at most a few hundred while n is small, so
 * that bodies that take long are shared out; of 4096 indices when it is not. */
WEFT_INLINE size_t wefti_fold_leaf(size_t n)
{
    size_t leaf = 1;
    while (leaf < 4096 && leaf < n / 256) {
        leaf *= 2;
    }
    return leaf;
}

/* The state of a fold over a range. For a floating R it is a stack of the
 * complete subtrees so far, largest first, one for each bit that is set in the
 * number of leaves; otherwise level[0] is the value. */
#define WEFTI_FOLD_STATE(R, name, identity, combine)                           \
    typedef struct name##_weft_state {                                         \
        size_t leaves;                                                         \
        size_t depth;                                                          \
        R level[WEFTI_IS_FLOATING(R) ? 64 : 1];                                \
    } name##_weft_state;                                                       \
    WEFT_INLINE void name##_weft_start(name##_weft_state *weft_s)              \
    {                                                                          \
        weft_s->leaves = 0;                                                    \
        weft_s->depth = 0;                                                     \
        weft_s->level[0] = identity;                                           \
    }                                                                          \
    /* Append a subtree of so many leaves. */                                  \
    WEFT_INLINE void name##_weft_push(name##_weft_state *weft_s, R weft_value, \
                                      size_t weft_leaves)                      \
    {                                                                          \
        for (size_t weft_bit = weft_leaves; (weft_s->leaves & weft_bit) != 0;  \
             weft_bit <<= 1) {                                                 \
            weft_value = combine(weft_s->level[--weft_s->depth], weft_value);  \
        }                                                                      \
        weft_s->level[weft_s->depth++] = weft_value;                           \
        weft_s->leaves += weft_leaves;                                         \
    }                                                                          \
    WEFT_INLINE R name##_weft_finish(const name##_weft_state *weft_s)          \
    {                                                                          \
        if (!WEFTI_IS_FLOATING(R)) {                                           \
            return weft_s->level[0];                                           \
        }                                                                      \
        size_t weft_d = weft_s->depth > 0 ? weft_s->depth - 1 : 0;             \
        R weft_value = weft_s->level[weft_d];                                  \
        while (weft_d > 0) {                                                   \
            weft_value = combine(weft_s->level[--weft_d], weft_value);         \
        }                                                                      \
        return weft_value;                                                     \
    }                                                                          \
    WEFT_INLINE void name##_weft_merge(void *weft_left, void *weft_right)      \
    {                                                                          \
        name##_weft_state *weft_s = (name##_weft_state *)weft_left;            \
        name##_weft_state *weft_next = (name##_weft_state *)weft_right;        \
        if (!WEFTI_IS_FLOATING(R)) {                                           \
            weft_s->level[0] = combine(weft_s->level[0], weft_next->level[0]); \
        } else if (weft_next->leaves > 0) {                                    \
            name##_weft_push(weft_s, name##_weft_finish(weft_next),            \
                             weft_next->leaves);                               \
        }                                                                      \
    }

#define WEFTI_FOLD_CHUNK(R, name, identity, T)                                \
    WEFT_INLINE void name##_weft_chunk(const wefti_loop *weft_loop,           \
                                       void *weft_state, size_t weft_first,   \
                                       size_t weft_end)                       \
    {                                                                         \
        T weft_arg = ((const name##_weft_loop *)weft_loop)->arg;              \
        name##_weft_state *weft_s = (name##_weft_state *)weft_state;          \
        if (!WEFTI_IS_FLOATING(R)) {                                          \
            weft_s->level[0] = name##_weft_fold(weft_arg, weft_first,         \
                                                weft_end, weft_s->level[0]);  \
            return;                                                           \
        }                                                                     \
        while (weft_first < weft_end) {                                       \
            size_t weft_left = weft_end - weft_first;                         \
            size_t weft_n =                                                   \
                weft_left < weft_loop->leaf ? weft_left : weft_loop->leaf;    \
            name##_weft_push(weft_s,                                          \
                             name##_weft_fold(weft_arg, weft_first,           \
                                              weft_first + weft_n, identity), \
                             1);                                              \
            weft_first += weft_n;                                             \
        }                                                                     \
    }                                                                         \
    WEFT_INLINE void name##_weft_split(wefti_piece *weft_piece)               \
    {                                                                         \
        name##_weft_state weft_state;                                         \
        name##_weft_start(&weft_state);                                       \
        wefti_piece_split(weft_piece, &weft_state);                           \
    }

#endif
