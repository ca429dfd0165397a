/* Gathering: each piece of the loop fills a list of blocks of its own, lists
 * are joined end to end as the pieces are, and the result is one array. */
#include <weft/par/collect.h>

#include "base/alloc.h"

#include <string.h>

enum { FIRST_BLOCK = 1 << 10, LARGEST_BLOCK = 1 << 18, ALIGN = 16 };

struct wefti_block {
    wefti_block *next;
    size_t bytes; /* with this header */
    size_t used;  /* without; set when the block is no longer the last */
    size_t pad;
    char data[];
};
WEFT_STATIC_ASSERT(sizeof(wefti_block) % ALIGN == 0, "values are aligned");

/* `last` is full, or its owner is done: write down how much it holds. */
static void seal(wefti_sink *sink)
{
    if (sink->last != NULL) {
        sink->last->used = (size_t)(sink->next - sink->last->data);
    }
}

char *wefti_sink_grow(wefti_sink *sink, size_t size)
{
    size_t want = FIRST_BLOCK;
    if (sink->last != NULL && sink->last->bytes < LARGEST_BLOCK) {
        want = 2 * sink->last->bytes;
    } else if (sink->last != NULL) {
        want = LARGEST_BLOCK;
    }
    size_t room = (want - sizeof(wefti_block)) / size * size;
    room = room > 0 ? room : size;
    size_t bytes = sizeof(wefti_block) + room;
    wefti_block *block = bytes > room ? wefti_alloc(bytes, ALIGN) : NULL;
    if (block == NULL) {
        /* relaxed: a hint to stop early; the final check sees it by the
         * joins. */
        wefti_store_relaxed(&sink->loop->stop, 1u);
        return NULL;
    }
    seal(sink);
    block->next = NULL;
    block->bytes = bytes;
    *(sink->last != NULL ? &sink->last->next : &sink->first) = block;
    sink->last = block;
    sink->next = block->data + size;
    sink->end = block->data + room;
    return block->data;
}

static void drop(wefti_sink *sink)
{
    while (sink->first != NULL) {
        wefti_block *block = sink->first;
        sink->first = block->next;
        wefti_free(block, block->bytes, ALIGN);
    }
    sink->last = NULL;
    sink->next = sink->end = NULL;
}

static void append(void *left, void *right)
{
    wefti_sink *to = left;
    wefti_sink *from = right;
    if (from->first == NULL) {
        return;
    }
    seal(to);
    *(to->last != NULL ? &to->last->next : &to->first) = from->first;
    to->last = from->last;
    to->next = from->next;
    to->end = from->end;
    from->first = from->last = NULL;
    from->next = from->end = NULL;
}

void wefti_collect_split(wefti_piece *piece)
{
    wefti_sink sink WEFT_CLEANUP(drop) = {.loop = piece->loop};
    wefti_piece_split(piece, &sink);
}

/* One array out of the blocks. */
static weft_status gather(wefti_sink *sink, size_t size, void **items,
                          size_t *count)
{
    size_t bytes = 0;
    seal(sink);
    for (wefti_block *b = sink->first; b != NULL; b = b->next) {
        bytes += b->used;
    }
    if (bytes == 0) {
        return WEFT_OK;
    }
    char *to = wefti_alloc(bytes, ALIGN);
    if (to == NULL) {
        return WEFT_NO_MEMORY;
    }
    *items = to;
    *count = bytes / size;
    for (wefti_block *b = sink->first; b != NULL; b = b->next) {
        memcpy(to, b->data, b->used);
        to += b->used;
    }
    return WEFT_OK;
}

weft_status wefti_collect_run(wefti_loop *loop, size_t n, size_t size,
                              void **items, size_t *count)
{
    wefti_sink sink WEFT_CLEANUP(drop) = {.loop = loop};
    *items = NULL;
    *count = 0;
    loop->merge = append;
    wefti_loop_run(loop, &sink, n);
    /* relaxed: all threads have been joined. */
    if (wefti_load_relaxed(&loop->stop) != 0) {
        return WEFT_NO_MEMORY;
    }
    return gather(&sink, size, items, count);
}

void wefti_collect_free(void *items, size_t bytes)
{
    wefti_free(items, bytes, ALIGN);
}
