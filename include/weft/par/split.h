/* How loops are driven: what the macros of for.h, reduce.h and collect.h hand
 * to src/par/split.c. Private by its names. */
#ifndef WEFT_PAR_SPLIT_H
#define WEFT_PAR_SPLIT_H

#include <weft/par/job.h>

WEFT_BEGIN_DECLS

typedef struct wefti_piece wefti_piece;

/* One loop; constant while it runs, but for stop. In its caller's frame. */
typedef struct wefti_loop {
    /* Do [first, end) and add the result to the piece's state. */
    void (*chunk)(const struct wefti_loop *loop, void *state, size_t first,
                  size_t end);
    /* Make an empty state for the upper part of the piece, in a frame of the
     * right type, and call wefti_piece_split with it. */
    void (*split)(wefti_piece *piece);
    /* Append the state of the range that follows. NULL: there are none. */
    void (*merge)(void *state, void *next);
    /* 0: may be cut anywhere. Else only where the tree over leaves of this
     * many indices is cut: the result then depends on n alone. */
    size_t leaf;
    weft_atomic_u32 stop; /* some body panicked, or memory ran out */
} wefti_loop;

/* A range that one thread is at. Owner only, once its job is joined. */
struct wefti_piece {
    wefti_job job;
    wefti_loop *loop;
    void *state;
    size_t first; /* the next index to do */
    size_t end;
    size_t chunk;   /* how many indices to do before looking up */
    size_t done;    /* how many the last chunk did */
    uint64_t ticks; /* how long it took */
};

/* Do [0, n), with the help of others if it is worth their while. Blocks;
 * does not allocate (but to start the default pool). Panics with the panic of
 * a body; then all threads have left the loop. */
WEFT_API void wefti_loop_run(wefti_loop *loop, void *state, size_t n);

/* Share out the upper part of the piece, do the lower, and merge. */
WEFT_API void wefti_piece_split(wefti_piece *piece, void *state);

WEFT_INLINE void wefti_loop_init(wefti_loop *loop, size_t leaf)
{
    loop->leaf = leaf;
    wefti_store_relaxed(&loop->stop, 0u); /* relaxed: not shared yet */
}

WEFT_END_DECLS

/* On the functions that the compiler is to vectorise: gcc 12 at -O2 does it
 * only where no loop is left over, which is never. Short loops are up to twice
 * as slow when they straddle a line of code, so they are aligned. Left out
 * where a program is built to be debugged or checked. */
#if defined(__clang__) || !defined(__OPTIMIZE__) || \
    defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFTI_VECTORIZE
#else
#define WEFTI_VECTORIZE __attribute__((optimize("O3", "align-loops=64")))
#endif

/* A chunk is compiled twice where that may pay: for the machine the program is
 * compiled for, and for one with AVX2, which has the multiplications of wide
 * integers that x86-64's baseline lacks. Which one runs is asked of the
 * processor, once a chunk, at the price of a load. Fused multiply-add is left
 * out: both variants of a floating-point body round alike. */
#if defined(__x86_64__) && !defined(__AVX2__) && defined(__OPTIMIZE__) && \
    !WEFT_ASAN && !WEFT_TSAN
#define WEFTI_WIDE WEFTI_VECTORIZE __attribute__((target("avx2")))
#define WEFTI_PICK_WIDE(wide, narrow) \
    (__builtin_cpu_supports("avx2") ? (wide) : (narrow))
#else
#define WEFTI_WIDE WEFTI_VECTORIZE
#define WEFTI_PICK_WIDE(wide, narrow) (narrow)
#endif

#endif
