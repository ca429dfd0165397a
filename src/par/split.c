/* Lazy splitting. The caller starts on its range at once, in chunks of a few
 * microseconds; before a chunk it looks whether an idle worker has asked, and
 * only then cuts off the upper part of what is left. So a loop that is
 * short, or runs while everybody is busy, costs what the serial loop costs. */
#include <weft/par/split.h>

#include "base/sanitizer.h"
#include "par/worker.h"

#include <weft/base/time.h>

enum {
    FIRST_GROWTH = 32, /* a chunk is at most so many times the one before */
    UNDIVIDED = 64,    /* so many indices may be one chunk to their end */
};

/* In units of ticks(). A cycle counter runs at 1.5 to 4 GHz. Under the explorer
 * no time passes: every chunk is one leaf, and what is left is worth sharing.
 */
#if defined(WEFT_MODEL)
enum { TELLING_TICKS = 1, CHUNK_TICKS = 1, WORTH_TICKS = 1 };
static inline uint64_t ticks(void)
{
    return 0;
}
#elif defined(__x86_64__)
enum { TELLING_TICKS = 1 << 10, CHUNK_TICKS = 1 << 14, WORTH_TICKS = 1 << 16 };
static inline uint64_t ticks(void)
{
    return __builtin_ia32_rdtsc();
}
#else
enum { TELLING_TICKS = 300, CHUNK_TICKS = 5000, WORTH_TICKS = 20000 };
static inline uint64_t ticks(void)
{
    return weft_now_ns();
}
#endif

static bool is_stopped(wefti_loop *loop)
{
    /* relaxed: a hint to end early; the joins hand over the data. */
    return WEFT_UNLIKELY(wefti_load_relaxed(&loop->stop) != 0);
}

/* The next chunk: as long as CHUNK_TICKS, judging by the last one, in whole
 * leaves. */
static void adapt(wefti_piece *p)
{
    size_t done = p->done;
    uint64_t factor = CHUNK_TICKS / p->ticks;
    size_t leaf = p->loop->leaf > 0 ? p->loop->leaf : 1;
    if (factor >= 2) {
        factor = factor < FIRST_GROWTH ? factor : FIRST_GROWTH;
        if (done > SIZE_MAX / 2 / (size_t)factor) {
            return;
        }
        p->chunk = done * (size_t)factor;
    } else if (p->ticks > UINT64_C(2) * CHUNK_TICKS) {
        p->chunk = done / 2;
    }
    p->chunk -= p->chunk % leaf;
    if (p->chunk < leaf) {
        p->chunk = leaf;
    }
}

/* The chunk's size is a guess by what came before, so it may not be all that is
 * left: the bodies yet to come may take a thousand times longer. */
static size_t longest(const wefti_piece *p)
{
    size_t left = p->end - p->first;
    return p->loop->leaf > 0 || left <= UNDIVIDED ? left
                                                  : left / 2 + UNDIVIDED / 2;
}

static void do_chunk(wefti_piece *p)
{
    size_t most = longest(p);
    size_t now = p->chunk < most ? p->chunk : most;
    size_t first = p->first;
    p->first = first + now;
    uint64_t begin = ticks();
    p->loop->chunk(p->loop, p->state, first, first + now);
    uint64_t took = ticks() - begin;
    p->ticks = took > 0 ? took : 1;
    p->done = now;
    adapt(p);
}

/* Where to cut what is left; p->end if it cannot be cut. */
static size_t cut(const wefti_piece *p)
{
    size_t leaf = p->loop->leaf;
    if (leaf == 0) {
        return p->first + (p->end - p->first + 1) / 2;
    }
    /* The root-most node of the tree whose right half has not been begun: its
     * right half starts at the multiple of the highest power of two between
     * the two. */
    size_t first = p->first / leaf;
    size_t last = (p->end - 1) / leaf;
    if (first >= last) {
        return p->end;
    }
    size_t high = (SIZE_MAX >> 1) + 1;
    while (((first ^ last) & high) == 0) {
        high >>= 1;
    }
    return (last & ~(high - 1)) * leaf;
}

/* Whether what is left would keep another worker busy for longer than it takes
 * to wake one. Judged by the last chunk, if that took long enough; but the very
 * first index, which pays for cold caches and absent pages, proves nothing
 * unless it took long indeed. */
static bool is_worth_sharing(const wefti_piece *p)
{
    size_t left = p->end - p->first;
    return p->ticks >= (p->first > 1 ? TELLING_TICKS : WORTH_TICKS) &&
           left > 0 && left / p->done >= WORTH_TICKS / p->ticks;
}

static bool is_wanted(void)
{
    wefti_worker *w = wefti_this_worker;
    /* relaxed: a hint, asked again after the next chunk. */
    return w != NULL && wefti_load_relaxed(&w->deque.wanted) != 0;
}

static void walk(wefti_piece *p)
{
    while (p->first < p->end && !is_stopped(p->loop)) {
        if (is_worth_sharing(p) && is_wanted() && cut(p) < p->end) {
            p->loop->split(p);
            return;
        }
        do_chunk(p);
    }
}

static void stop_loop(wefti_piece **p)
{
    if (*p != NULL) {
        wefti_store_relaxed(&(*p)->loop->stop, 1u); /* relaxed: a hint */
    }
}

/* If a body panics, tell the others to stop. */
static void walk_guarded(wefti_piece *p)
{
    wefti_piece *guard WEFT_CLEANUP(stop_loop) = p;
    walk(p);
    guard = NULL;
}

/* A range for the calling thread to work at. Not a copy of the whole struct:
 * the job of `from` may be watched by its maker. */
static wefti_piece piece_of(const wefti_piece *from, void *state, size_t first)
{
    wefti_piece piece = {.loop = from->loop, .state = state};
    piece.first = first;
    piece.end = from->end;
    piece.chunk = from->chunk;
    piece.ticks = from->ticks;
    piece.done = from->done;
    return piece;
}

/* In the thief's own frame, off the maker's cache lines. */
static void run_piece(wefti_job *job)
{
    wefti_piece *offered = (wefti_piece *)job;
    wefti_piece mine = piece_of(offered, offered->state, offered->first);
    walk_guarded(&mine);
}

void wefti_piece_split(wefti_piece *p, void *state)
{
    wefti_piece upper = piece_of(p, state, cut(p));
    p->end = upper.first;
    wefti_tsan_release(&upper.job.state); /* [deque.publish] */
    wefti_job *guard WEFT_CLEANUP(wefti_job_guard) =
        wefti_job_fork(&upper.job, run_piece);
    walk(p);
    if (wefti_job_take_back(&guard)) {
        walk(&upper);
    } else {
        wefti_job_wait(&upper.job);
    }
    if (p->loop->merge != NULL && !is_stopped(p->loop)) {
        p->loop->merge(p->state, state);
    }
}

static void leave(wefti_member **m)
{
    if (*m != NULL) {
        wefti_guest_leave_default(*m);
    }
}

/* A thread from outside becomes a guest, but only for what is worth it. */
static void walk_as_guest(wefti_piece *p)
{
    wefti_member *m WEFT_CLEANUP(leave) WEFT_UNUSED =
        wefti_guest_enter_default(p);
    walk_guarded(p);
}

void wefti_loop_run(wefti_loop *loop, void *state, size_t n)
{
    wefti_piece all = {.loop = loop, .state = state, .end = n};
    all.chunk = loop->leaf > 0 ? loop->leaf : 1;
    if (wefti_this_worker != NULL) {
        walk_guarded(&all);
        return;
    }
    while (all.first < all.end && !is_stopped(loop)) {
        do_chunk(&all);
        if (is_worth_sharing(&all)) {
            walk_as_guest(&all);
        }
    }
}
