/* Shadow memory: a line for each 64 bytes that the program has touched, in a
 * hash table; lines, like all else here, belong to one execution by its number,
 * so that starting the next costs nothing. */
#include "model/memory.h"

#include "model/explorer.h"
#include "model/log.h"
#include "model/fiber.h"
#include "model/order.h"
#include "model/real.h"

#include <stdio.h>
#include <sys/mman.h>

enum {
    LINE = 64,
    LINES = 1 << 16,
    HEAP = 1 << 20, /* for each thread */
    BLOCKS = 1024,  /* for each thread */
    UNDO = 1 << 16,
    NOBODY = 0xff,
};

/* What is known of a span: 1, 2, 4 or 8 bytes, aligned, that have been accessed
 * together so far. Times are clock values of the thread plus one: a plain
 * access belongs to the time between two visible operations. */
typedef struct span {
    uint16_t read_at[WEFTI_MODEL_THREADS];
    uint16_t written_at;
    uint8_t writer;
    uint8_t reader; /* whose place read_pc is */
    uint8_t size;
    bool dead;   /* freed */
    bool left;   /* the write stands for the return from the frame it is in */
    bool logged; /* its first value stands in the undo log */
    const void *write_pc;
    const void *read_pc;
} span;

typedef struct line {
    uintptr_t number; /* address / LINE */
    uint64_t run;
    uint64_t starts;  /* bit i: a span begins at byte i */
    uint64_t known;   /* bit i: a span covers byte i */
    uint64_t atomics; /* bit i: an atomic object begins at byte i */
    span spans[LINE]; /* where starts has a bit */
} line;

typedef struct block {
    uintptr_t at;
    size_t size;
    const void *pc;
    bool freed;
} block;

typedef struct heap {
    uintptr_t used;
    uint32_t count;
    block blocks[BLOCKS]; /* by rising addresses */
} heap;

typedef struct undo {
    uintptr_t at;
    uint8_t size;
    uint8_t bytes[15];
} undo;

static line *lines;
static uint32_t lines_used;
static uint64_t run;
static char *heap_memory;
static heap heaps[WEFTI_MODEL_THREADS];
static undo *undo_log;
static size_t undo_count;
static uintptr_t lowest_touched[WEFTI_MODEL_THREADS]; /* of each stack */

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

bool wefti_memory_setup(void)
{
    if (lines == NULL) {
        lines = map(LINES * sizeof *lines);
        heap_memory = map((size_t)HEAP * WEFTI_MODEL_THREADS);
        undo_log = map(UNDO * sizeof *undo_log);
    }
    return lines != NULL && heap_memory != NULL && undo_log != NULL;
}

static void copy(void *to, const void *from, size_t size)
{
    (void)__real_memcpy(to, from, size);
}

void wefti_memory_restart(void)
{
    while (undo_count > 0) {
        const undo *u = &undo_log[--undo_count];
        copy((void *)u->at, u->bytes, u->size);
    }
    run++;
    lines_used = 0;
    for (uint32_t i = 0; i < WEFTI_MODEL_THREADS; i++) {
        heaps[i].used = (uintptr_t)heap_memory + (uintptr_t)i * HEAP;
        heaps[i].count = 0;
        lowest_touched[i] = (uintptr_t)wefti_fiber_of_slot(i)->high;
    }
}

/* -------------------------------------------------------------------- lines */

static size_t slot_of(uintptr_t number)
{
    return (size_t)(number * 0x9E3779B97F4A7C15ull >> 40) % LINES;
}

/* NULL: nobody has touched it. */
static line *find_line(uintptr_t address)
{
    uintptr_t number = address / LINE;
    size_t at = slot_of(number);
    while (lines[at].run == run && lines[at].number != number) {
        at = (at + 1) % LINES;
    }
    return lines[at].run == run ? &lines[at] : NULL;
}

static line *line_of(uintptr_t address)
{
    line *l = find_line(address);
    if (l != NULL) {
        return l;
    }
    if (++lines_used > LINES - LINES / 4) {
        weft_model_fail("this execution touches more than %d lines of memory",
                        LINES - LINES / 4);
    }
    uintptr_t number = address / LINE;
    size_t at = slot_of(number);
    while (lines[at].run == run) {
        at = (at + 1) % LINES;
    }
    l = &lines[at];
    l->number = number;
    l->run = run;
    l->starts = l->known = l->atomics = 0;
    return l;
}

/* ------------------------------------------------------------------- spans */

/* Bits `from` to `from + size - 1`. */
static uint64_t bits(size_t from, size_t size)
{
    return (size == LINE ? ~0ull : (1ull << size) - 1) << from;
}

static void make_span(line *l, size_t at, size_t size)
{
    l->starts |= 1ull << at;
    l->known |= bits(at, size);
    l->spans[at] = (span){.writer = NOBODY, .size = (uint8_t)size};
}

static void halve(line *l, size_t at)
{
    span *s = &l->spans[at];
    s->size /= 2;
    l->starts |= 1ull << (at + s->size);
    l->spans[at + s->size] = *s;
}

/* The span at this byte of the line, no larger than `room`; made new, or cut
 * out of a larger one, if need be. */
static span *span_at(line *l, size_t at, size_t room)
{
    if ((l->known >> at & 1) == 0) {
        size_t size = 8;
        while (size > room || at % size != 0 ||
               (l->known & bits(at, size)) != 0) {
            size /= 2;
        }
        make_span(l, at, size);
        return &l->spans[at];
    }
    while ((l->starts >> at & 1) == 0) {
        halve(l, 63 - (size_t)__builtin_clzll(l->starts & bits(0, at)));
    }
    while (l->spans[at].size > room) {
        halve(l, at);
    }
    return &l->spans[at];
}

/* ------------------------------------------------------------------- access */

static bool unknown(uint16_t time, uint32_t thread)
{
    return time > wefti_running.knows->now.hb.of[thread];
}

static WEFT_COLD void race(const char *how, uintptr_t address,
                           const char *before, uint32_t other, const void *pc)
{
    wefti_log_place(pc);
    weft_model_fail("data race: T%u %s %s, not ordered after T%u, which "
                    "%s it",
                    wefti_running.self, how, wefti_log_name_of(address), other,
                    before);
}

static WEFT_COLD void write_race(const span *s, uintptr_t address,
                                 const char *how, const void *pc)
{
    wefti_log_place(s->write_pc);
    race(how, address, s->left ? "has returned from the frame of" : "wrote",
         s->writer, pc);
}

static void check_write_before(const span *s, uintptr_t address,
                               const char *how, const void *pc)
{
    if (s->writer != NOBODY && s->writer != wefti_running.self &&
        unknown(s->written_at, s->writer)) {
        write_race(s, address, how, pc);
    }
}

static WEFT_COLD void read_race(const span *s, uintptr_t address,
                                const char *how, const void *pc)
{
    uint32_t t = 0;
    while (t == wefti_running.self || !unknown(s->read_at[t], t)) {
        t++;
    }
    if (s->reader == t) {
        wefti_log_place(s->read_pc);
    }
    race(how, address, "read", t, pc);
}

static void check_reads_before(const span *s, uintptr_t address,
                               const char *how, const void *pc)
{
    const uint16_t *known = wefti_running.knows->now.hb.of;
    uint32_t self = wefti_running.self;
    uint32_t races = 0;
    for (uint32_t t = 0; t < WEFTI_MODEL_THREADS; t++) {
        races += (uint32_t)(s->read_at[t] > known[t]) & (uint32_t)(t != self);
    }
    if (WEFT_UNLIKELY(races != 0)) {
        read_race(s, address, how, pc);
    }
}

static void check_alive(const span *s, uintptr_t address, const void *pc)
{
    if (WEFT_UNLIKELY(s->dead)) {
        wefti_log_place(s->write_pc);
        wefti_log_place(pc);
        weft_model_fail("use after free: T%u touches %s, which T%u has freed",
                        wefti_running.self, wefti_log_name_of(address),
                        (unsigned)s->writer);
    }
}

/* Not below the end of a stack; and another thread's not below what it uses:
 * the function has returned. */
static void check_stack(uintptr_t address, const void *pc)
{
    int owner = wefti_fiber_of_address(address);
    if (owner < 0) {
        return;
    }
    uint32_t self = wefti_running.self;
    const wefti_fiber *f = wefti_fiber_of_slot((uint32_t)owner);
    if (WEFT_UNLIKELY(address < (uintptr_t)f->low)) {
        wefti_log_place(pc);
        weft_model_fail("T%d's stack overflows: it has %zu bytes", owner,
                        (size_t)(f->high - f->low));
    }
    if ((uint32_t)owner != self && address < (uintptr_t)f->sp) {
        wefti_log_place(pc);
        weft_model_fail("use after return: T%u touches the frame of a function "
                        "of T%d that has returned",
                        self, owner);
    }
    if (address < lowest_touched[owner]) {
        lowest_touched[owner] = address;
    }
}

void wefti_memory_check_stack(uintptr_t address)
{
    check_stack(address, NULL);
}

/* Whether the memory must be put back by hand before the next execution. */
static bool outlives_the_run(uintptr_t address)
{
    return !wefti_memory_is_heap(address) &&
           wefti_fiber_of_address(address) < 0;
}

static void log_old(uintptr_t address, size_t size)
{
    while (size > 0) {
        if (undo_count == UNDO) {
            weft_model_fail("this execution writes too much static memory");
        }
        undo *u = &undo_log[undo_count++];
        u->at = address;
        u->size = (uint8_t)(size < sizeof u->bytes ? size : sizeof u->bytes);
        copy(u->bytes, (const void *)address, u->size);
        address += u->size;
        size -= u->size;
    }
}

static uint16_t time_of_access(void)
{
    return (uint16_t)(wefti_running.knows->now.hb.of[wefti_running.self] + 1);
}

void wefti_memory_read(uintptr_t address, size_t size, const void *pc)
{
    uint32_t self = wefti_running.self;
    uint16_t now = time_of_access();
    check_stack(address, pc);
    for (uintptr_t at = address, end = address + size; at < end;) {
        line *l = line_of(at);
        span *s = span_at(l, at % LINE, end - at);
        check_alive(s, at, pc);
        check_write_before(s, at, "reads", pc);
        if ((l->atomics & bits(at % LINE, s->size)) != 0) {
            wefti_order_plain_read(at, s->size, pc);
        }
        if (s->reader == self || !unknown(s->read_at[s->reader], s->reader)) {
            s->reader = (uint8_t)self; /* else: keep the more dangerous one */
            s->read_pc = pc;
        }
        s->read_at[self] = now;
        at += s->size;
    }
}

/* The common part of a write, a free and the end of a frame. */
static void overwrite(uintptr_t address, size_t size, const char *how,
                      const void *pc)
{
    uint32_t self = wefti_running.self;
    uint16_t now = time_of_access();
    for (uintptr_t at = address, end = address + size; at < end;) {
        line *l = line_of(at);
        span *s = span_at(l, at % LINE, end - at);
        uint64_t covered = bits(at % LINE, s->size);
        check_alive(s, at, pc);
        check_write_before(s, at, how, pc);
        check_reads_before(s, at, how, pc);
        if ((l->atomics & covered) != 0) {
            wefti_order_plain_write(at, s->size, how, pc);
            l->atomics &= ~covered;
        }
        s->written_at = now;
        s->writer = (uint8_t)self;
        s->write_pc = pc;
        s->left = false;
        at += s->size;
    }
}

static void log_once(uintptr_t address, size_t size)
{
    bool logged = true;
    for (uintptr_t at = address, end = address + size; at < end;) {
        span *s = span_at(line_of(at), at % LINE, end - at);
        logged = logged && s->logged;
        s->logged = true;
        at += s->size;
    }
    if (!logged) {
        log_old(address, size);
    }
}

void wefti_memory_write(uintptr_t address, size_t size, const void *pc)
{
    if (size == 0) {
        return;
    }
    check_stack(address, pc);
    if (outlives_the_run(address)) {
        log_once(address, size);
    }
    overwrite(address, size, "writes", pc);
}

void wefti_memory_keep(const void *at, size_t size)
{
    log_once((uintptr_t)at, size);
}

void wefti_memory_atomic(uintptr_t address, size_t size, bool writes,
                         const void *pc)
{
    check_stack(address, pc);
    if (writes && outlives_the_run(address)) {
        log_once(address, size);
    }
    line *l = line_of(address);
    l->atomics |= 1ull << address % LINE;
    for (uintptr_t at = address, end = address + size; at < end;) {
        const span *s = span_at(l, at % LINE, end - at);
        check_alive(s, address, pc);
        check_write_before(s, address, "uses the atomic", pc);
        if (writes) {
            check_reads_before(s, address, "changes the atomic", pc);
        }
        at += s->size;
    }
}

/* --------------------------------------------------------------------- heap */

bool wefti_memory_is_heap(uintptr_t address)
{
    return address - (uintptr_t)heap_memory <
           (uintptr_t)HEAP * WEFTI_MODEL_THREADS;
}

void *wefti_memory_alloc(size_t size, size_t align, const void *pc)
{
    uint32_t self = wefti_running.self;
    heap *h = &heaps[self];
    uintptr_t end = (uintptr_t)heap_memory + (uintptr_t)(self + 1) * HEAP;
    uintptr_t at = (h->used + align - 1) & ~(uintptr_t)(align - 1);
    if (h->count == BLOCKS || at > end || size > end - at) {
        return NULL;
    }
    h->used = at + size + 16; /* so that neighbours do not touch */
    h->blocks[h->count++] = (block){at, size, pc, false};
    /* The same in every run, and nothing that a program expects. */
    (void)__real_memset((void *)at, 0xA5, size);
    return (void *)at;
}

/* The block at or before the address. */
static block *block_before(uintptr_t address)
{
    heap *h = &heaps[(address - (uintptr_t)heap_memory) / HEAP];
    uint32_t low = 0;
    uint32_t high = h->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (h->blocks[middle].at <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? &h->blocks[low - 1] : NULL;
}

static block *block_at(uintptr_t address)
{
    block *b = block_before(address);
    return b != NULL && b->at == address ? b : NULL;
}

bool wefti_memory_heap_name(uintptr_t address, char *text, size_t size)
{
    const block *b =
        wefti_memory_is_heap(address) ? block_before(address) : NULL;
    if (b == NULL) {
        return false;
    }
    size_t owner = (address - (uintptr_t)heap_memory) / HEAP;
    (void)snprintf(text, size, "block %zu of T%zu+%zu",
                   (size_t)(b - heaps[owner].blocks), owner,
                   (size_t)(address - b->at));
    return true;
}

void wefti_memory_free(void *memory, const void *pc)
{
    uintptr_t at = (uintptr_t)memory;
    block *b = wefti_memory_is_heap(at) ? block_at(at) : NULL;
    if (b == NULL || b->freed) {
        wefti_log_place(pc);
        weft_model_fail("T%u frees %p, which %s", wefti_running.self, memory,
                        b != NULL ? "is free already"
                                  : "malloc has not given out");
    }
    b->freed = true;
    overwrite(at, b->size, "frees", pc);
    for (uintptr_t end = at + b->size; at < end;) {
        span *s = span_at(line_of(at), at % LINE, end - at);
        s->dead = true;
        at += s->size;
    }
}

size_t wefti_memory_size(const void *memory)
{
    const block *b = block_at((uintptr_t)memory);
    return b != NULL ? b->size : 0;
}

bool wefti_memory_leak(size_t *size, const void **pc)
{
    for (uint32_t t = 0; t < WEFTI_MODEL_THREADS; t++) {
        for (uint32_t i = 0; i < heaps[t].count; i++) {
            const block *b = &heaps[t].blocks[i];
            if (!b->freed) {
                *size = b->size;
                *pc = b->pc;
                return true;
            }
        }
    }
    return false;
}

/* ------------------------------------------------------------------- frames */

/* The part of a frame that lies in this line. To return is to write: whoever
 * touches it later must come after. */
static void clear(line *l, uintptr_t from, uintptr_t to, const void *pc)
{
    static const char how[] = "returns from the frame of";
    uintptr_t base = l->number * LINE;
    uint64_t part = bits(from - base, to - from);
    for (uint64_t left = l->starts & part; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        check_write_before(&l->spans[i], base + i, how, pc);
        check_reads_before(&l->spans[i], base + i, how, pc);
        l->spans[i] = (span){.written_at = time_of_access(),
                             .writer = (uint8_t)wefti_running.self,
                             .size = l->spans[i].size,
                             .left = true,
                             .write_pc = pc};
    }
    for (uint64_t left = l->atomics & part; left != 0; left &= left - 1) {
        wefti_order_plain_write(base + (size_t)__builtin_ctzll(left), 1, how,
                                pc);
    }
    l->atomics &= ~part;
}

void wefti_memory_frame_ends(uintptr_t top, const void *pc)
{
    uintptr_t *lowest = &lowest_touched[wefti_running.self];
    while (*lowest < top) {
        uintptr_t next = (*lowest / LINE + 1) * LINE;
        next = next < top ? next : top;
        line *l = find_line(*lowest);
        if (l != NULL) {
            clear(l, *lowest, next, pc);
        }
        *lowest = next;
    }
}
