/* Parallel collect: any number of values for each index, in order.
 *
 *     WEFT_PAR_COLLECT(int64_t, even_squares, const int32_t *, v, i)
 *     {
 *         if (v[i] % 2 == 0) weft_emit((int64_t)v[i] * v[i]);
 *     }
 *     even_squares_list list;
 *     if (even_squares(values, n, &list) == WEFT_OK) {
 *         use(list.items, list.count);
 *         even_squares_free(&list);
 *     }
 *
 * How the loop is shared out, and what holds for bodies, threads and panics,
 * stands in <weft/par/for.h>. */
#ifndef WEFT_PAR_COLLECT_H
#define WEFT_PAR_COLLECT_H

#include <weft/base/status.h>
#include <weft/par/for.h>

WEFT_BEGIN_DECLS

/* Values gathered by one thread, in blocks; owner only. `next` is where the
 * next one goes, up to `end`. All-zero bytes are an empty one. */
typedef struct wefti_block wefti_block;
typedef struct wefti_sink {
    char *next;
    char *end;
    wefti_block *first;
    wefti_block *last;
    wefti_loop *loop; /* stopped when memory runs out */
} wefti_sink;

/* Room for one more value of `size` bytes. NULL: out of memory, which stops
 * the loop and is remembered. */
WEFT_API WEFT_NODISCARD WEFT_COLD char *wefti_sink_grow(wefti_sink *sink,
                                                        size_t size);

/* Run the loop and put all values into one array of count * size bytes. */
WEFT_API WEFT_NODISCARD weft_status wefti_collect_run(wefti_loop *loop,
                                                      size_t n, size_t size,
                                                      void **items,
                                                      size_t *count);

/* Share out the upper part, with a sink of its own. The same for all types. */
WEFT_API void wefti_collect_split(wefti_piece *piece);

WEFT_API void wefti_collect_free(void *items, size_t bytes);

WEFT_ALWAYS_INLINE char *wefti_sink_next(wefti_sink *sink, size_t size)
{
    if (WEFT_UNLIKELY(sink->next == sink->end)) {
        return wefti_sink_grow(sink, size);
    }
    char *place = sink->next;
    sink->next += size;
    return place;
}

WEFT_END_DECLS

/* Define
 *     weft_status name(T v, size_t n, name_list *list);
 *     void name_free(name_list *list);
 * and the struct name_list {R *items; size_t count;}. The call runs the body
 * for each i in [0, n), and list->items are the values it emitted, those of a
 * lower i first, those of one i in the order of emission. Blocks. Allocates,
 * at the end for a moment twice the size of the result. R is any type that can
 * be assigned.
 * WEFT_OK: the list is the caller's, to be given to name_free; items is NULL
 *   if there are none.
 * WEFT_NO_MEMORY: the list is empty; nothing is left allocated.
 * A panic in a body leaves nothing allocated either. */
#define WEFT_PAR_COLLECT(R, name, T, v, i)                                     \
    typedef struct name##_list {                                               \
        R *items;                                                              \
        size_t count;                                                          \
    } name##_list;                                                             \
    typedef R name##_weft_item;                                                \
    typedef struct name##_weft_out {                                           \
        wefti_sink *sink;                                                      \
        R *item; /* only its type is used */                                   \
    } name##_weft_out;                                                         \
    WEFT_ALWAYS_INLINE void name##_weft_step(name##_weft_out weft_out, T v,    \
                                             size_t i);                        \
    WEFTI_LOOP_TYPE(name, T)                                                   \
    WEFT_INLINE void name##_weft_chunk(const wefti_loop *weft_loop,            \
                                       void *weft_state, size_t weft_first,    \
                                       size_t weft_end)                        \
    {                                                                          \
        name##_weft_out weft_out;                                              \
        weft_out.sink = (wefti_sink *)weft_state;                              \
        weft_out.item = NULL;                                                  \
        T weft_arg = ((const name##_weft_loop *)weft_loop)->arg;               \
        for (size_t weft_i = weft_first; weft_i < weft_end; weft_i++) {        \
            name##_weft_step(weft_out, weft_arg, weft_i);                      \
        }                                                                      \
    }                                                                          \
    WEFT_NODISCARD WEFT_INLINE weft_status name(T v, size_t weft_n,            \
                                                name##_list *weft_list)        \
    {                                                                          \
        WEFT_STATIC_ASSERT(WEFT_ALIGNOF(R) <= 16, "over-aligned result");      \
        name##_weft_loop weft_loop;                                            \
        void *weft_items = NULL;                                               \
        wefti_loop_init(&weft_loop.base, 0);                                   \
        weft_loop.base.chunk = name##_weft_chunk;                              \
        weft_loop.base.split = wefti_collect_split;                            \
        weft_loop.arg = v;                                                     \
        weft_status weft_s =                                                   \
            wefti_collect_run(&weft_loop.base, weft_n, sizeof(R), &weft_items, \
                              &weft_list->count);                              \
        weft_list->items = (name##_weft_item *)weft_items;                     \
        return weft_s;                                                         \
    }                                                                          \
    WEFT_INLINE void name##_free(name##_list *weft_list)                       \
    {                                                                          \
        wefti_collect_free(weft_list->items, weft_list->count * sizeof(R));    \
        weft_list->items = NULL;                                               \
        weft_list->count = 0;                                                  \
    }                                                                          \
    WEFT_ALWAYS_INLINE void name##_weft_step(                                  \
        WEFT_UNUSED name##_weft_out weft_out, WEFT_UNUSED T v,                 \
        WEFT_UNUSED size_t i)

/* In the body of a WEFT_PAR_COLLECT: add a value to the result. Any number of
 * times. */
#define weft_emit(value)                                           \
    do {                                                           \
        void *weft_place =                                         \
            wefti_sink_next(weft_out.sink, sizeof *weft_out.item); \
        if (WEFT_LIKELY(weft_place != NULL)) {                     \
            *(__typeof__(weft_out.item))weft_place = (value);      \
        }                                                          \
    } while (0)

#endif
