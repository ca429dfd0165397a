/* Parallel for: a loop body that is run for each index, on all workers.
 *
 *     WEFT_PAR_FOR(scale, float *, v, i)
 *     {
 *         v[i] *= 2.0f;
 *     }
 *     scale(values, n);
 *
 * The body becomes a function of one parameter of your choice and an index,
 * inlined into a loop over a chunk of indices, so the compiler vectorises it
 * as it would your own loop. Pass a pointer to a struct for more than one
 * thing. C's own `if` is the filter; `return` goes on with the next index.
 *
 * The loop starts at once on the calling thread. What is left is shared out
 * only when a worker is idle and there is enough for it: a loop of a few
 * microseconds wakes nobody. Bodies may use loops and tasks themselves.
 *
 * Threads   any. A thread outside every pool is a guest of the default pool.
 * Ordering  what came before the call is visible to every body; what the
 *           bodies did is visible after it. Two bodies must not write the same
 *           object. Which thread runs which index, and when, is not said.
 * Panic     a panic in a body comes out of the call, once all threads have left
 *           the loop; indices not yet begun may be left out. */
#ifndef WEFT_PAR_FOR_H
#define WEFT_PAR_FOR_H

#include <weft/par/split.h>

/* Define `void name(T v, size_t n)`, which runs the body that follows for each
 * i in [0, n). It blocks until all have run, and allocates nothing. Static to
 * the file. */
#define WEFT_PAR_FOR(name, T, v, i)                                         \
    WEFT_ALWAYS_INLINE void name##_weft_step(T v, size_t i);                \
    WEFTI_LOOP_TYPE(name, T)                                                \
    WEFT_ALWAYS_INLINE void name##_weft_loop_over(                          \
        T weft_arg, size_t weft_first, size_t weft_end)                     \
    {                                                                       \
        for (size_t weft_i = weft_first; weft_i < weft_end; weft_i++) {     \
            name##_weft_step(weft_arg, weft_i);                             \
        }                                                                   \
    }                                                                       \
    WEFTI_VECTORIZE WEFT_INLINE void name##_weft_narrow(                    \
        T weft_arg, size_t weft_first, size_t weft_end)                     \
    {                                                                       \
        name##_weft_loop_over(weft_arg, weft_first, weft_end);              \
    }                                                                       \
    WEFTI_WIDE WEFT_INLINE void name##_weft_wide(                           \
        T weft_arg, size_t weft_first, size_t weft_end)                     \
    {                                                                       \
        name##_weft_loop_over(weft_arg, weft_first, weft_end);              \
    }                                                                       \
    WEFT_INLINE void name##_weft_chunk(const wefti_loop *weft_loop,         \
                                       void *weft_state, size_t weft_first, \
                                       size_t weft_end)                     \
    {                                                                       \
        (void)weft_state;                                                   \
        WEFTI_PICK_WIDE(name##_weft_wide, name##_weft_narrow)               \
        (((const name##_weft_loop *)weft_loop)->arg, weft_first, weft_end); \
    }                                                                       \
    WEFT_INLINE void name##_weft_split(wefti_piece *weft_piece)             \
    {                                                                       \
        wefti_piece_split(weft_piece, NULL);                                \
    }                                                                       \
    WEFT_INLINE void name(T v, size_t weft_n)                               \
    {                                                                       \
        name##_weft_loop weft_loop;                                         \
        wefti_loop_init(&weft_loop.base, 0);                                \
        weft_loop.base.chunk = name##_weft_chunk;                           \
        weft_loop.base.split = name##_weft_split;                           \
        weft_loop.base.merge = NULL;                                        \
        weft_loop.arg = v;                                                  \
        wefti_loop_run(&weft_loop.base, NULL, weft_n);                      \
    }                                                                       \
    WEFT_ALWAYS_INLINE void name##_weft_step(WEFT_UNUSED T v,               \
                                             WEFT_UNUSED size_t i)

/* A loop and its argument. */
#define WEFTI_LOOP_TYPE(name, T)      \
    typedef struct name##_weft_loop { \
        wefti_loop base;              \
        T arg;                        \
    } name##_weft_loop;

#endif
