/* What weft knows about the running thread. Private by its names; public as a
 * file because the inlined fast paths of locks keep it.
 *
 * A thread writes down each lock that it takes: where the lock is, how it is
 * to be abandoned, and how deep in the stack it was taken. From this record a
 * panic, a cancellation or a thread's end releases and poisons what the thread
 * still holds, even in frames whose cleanups cannot run, and an unlock by a
 * stranger is recognised. It costs three stores to memory that is in cache. */
#ifndef WEFT_BASE_SELF_H
#define WEFT_BASE_SELF_H

#include <weft/base/config.h>

WEFT_BEGIN_DECLS

/* One kind of lock, as the record needs to know it. Constant. */
typedef struct wefti_lock_kind {
    const char *name; /* for messages: "mutex" */
    /* Unlock for a holder that cannot: strikes out the entry, poisons the
     * lock if it is one that can be. */
    void (*abandon)(void *lock);
} wefti_lock_kind;

/* Marks in the low bits of wefti_held.lock. They make the entry differ from
 * the lock's address, which sends its unlock down the slow path. */
enum {
    WEFTI_HELD_DOOMED = 1,  /* a panic or an exit passes: poison on release */
    WEFTI_HELD_WATCHED = 2, /* the word has bits to keep, or a catch point
                               counts on this entry's place */
    WEFTI_HELD_MARKS = 3,
    WEFTI_HELD_GONE = 4, /* never in an entry: see wefti_held_remove */
};

typedef struct wefti_held {
    uintptr_t lock; /* address and marks; 0 only in the sentinel */
    const wefti_lock_kind *kind;
    uintptr_t depth; /* WEFTI_DEPTH of the frame that locked */
} wefti_held;

enum { WEFTI_HELD_INLINE = 8 };

/* One a thread, all of it owner only. `top` is one past the newest entry. In a
 * thread that has not locked yet, top == end == one past a shared sentinel. */
typedef struct wefti_self {
    wefti_held *top;
    wefti_held *end;
    wefti_held *held_memory; /* `held`, or a larger block; NULL at first */
    struct wefti_catch *catch_point;    /* innermost; NULL: a panic aborts */
    struct wefti_thread_record *record; /* NULL until registered */
    uint32_t panicking;                 /* panics in flight */
    uint32_t exiting;                   /* pthread_exit or cancel under way */
    uint32_t reporting;                 /* inside the panic hook */
    wefti_held held[WEFTI_HELD_INLINE]; /* [0] is the sentinel */
} wefti_self;

/* Code that was compiled for the other kind of library does not link with this
 * one, and the name that the linker misses says why. */
#if WEFT_CHECKED
#define wefti_this_thread wefti_this_thread_with_WEFT_CHECKED
#else
#define wefti_this_thread wefti_this_thread_without_WEFT_CHECKED
#endif

/* Initial-exec: one load from %fs, also from a shared library. */
WEFT_API extern __thread wefti_self wefti_this_thread
    __attribute__((tls_model("initial-exec")));

WEFT_ALWAYS_INLINE wefti_self *wefti_get_self(void)
{
    wefti_self *self = &wefti_this_thread;
#if !defined(__clang__)
    /* Under -fsanitize=null gcc tests the flags of the addition that makes
     * this address, which linkers turn into one that sets none: a report of a
     * null pointer that is not. Hiding the address costs nothing measurable. */
    __asm__("" : "+r"(self));
#endif
    return self;
}

/* Make room for one more entry, registering the thread for its end if need be.
 * false: out of memory. Slow path of wefti_held_has_room. */
WEFT_API WEFT_NODISCARD bool wefti_held_grow(void);

/* Remove the newest entry for `lock` wherever it is and return its marks;
 * panics in the name of `call` if this thread does not hold it. Not so in a
 * cleanup that a panic or an exit runs: there the lock may have been abandoned
 * before, and WEFTI_HELD_GONE says so. */
WEFT_API uintptr_t wefti_held_remove(const void *lock, const char *call);

/* Whether this thread holds the lock. */
WEFT_API WEFT_NODISCARD bool wefti_held_contains(const void *lock);

WEFT_ALWAYS_INLINE bool wefti_held_has_room(void)
{
    wefti_self *self = wefti_get_self();
    return WEFT_LIKELY(self->top != self->end) || wefti_held_grow();
}

/* How deep in the stack the function is that declares `local`; to be used in
 * that function, or in one inlined into it always. Where the compiler may keep
 * locals elsewhere than on the stack, or tag their addresses, the frame itself
 * is asked, which is dearer. */
#if WEFT_ASAN || WEFTI_HAS_FEATURE(safe_stack) || \
    WEFTI_HAS_FEATURE(hwaddress_sanitizer)
#define WEFTI_DEPTH(local) ((void)&(local), __builtin_frame_address(0))
#else
#define WEFTI_DEPTH(local) ((void *)&(local))
#endif

/* Write down a lock just taken, aligned to 4 bytes. There must be room; `depth`
 * is WEFTI_DEPTH in the frame that will unlock. */
WEFT_ALWAYS_INLINE void wefti_held_push(void *lock, uintptr_t marks,
                                        const wefti_lock_kind *kind,
                                        const void *depth)
{
    wefti_self *self = wefti_get_self();
    wefti_held *entry = self->top;
    entry->lock = (uintptr_t)lock | marks;
    entry->kind = kind;
    entry->depth = (uintptr_t)depth;
    self->top = entry + 1;
}

/* Strike out `lock` if it is the newest entry and bears no mark: the common
 * case. false: use wefti_held_remove. */
WEFT_ALWAYS_INLINE bool wefti_held_pop(const void *lock)
{
    wefti_self *self = wefti_get_self();
    if (WEFT_UNLIKELY(self->top[-1].lock != (uintptr_t)lock)) {
        return false;
    }
    self->top--;
    return true;
}

WEFT_END_DECLS

#endif
