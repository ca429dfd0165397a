/* Sleeping on a word of memory. Two engines keep this contract: futex.c over
 * the Linux system call, futex_portable.c over pthreads; the build picks one.
 *
 * A word belongs to one process. Waiting orders nothing: it is the atomic
 * operations on the word, before and after, that hand over data. errno is
 * preserved by every call. */
#ifndef WEFT_SRC_BASE_FUTEX_H
#define WEFT_SRC_BASE_FUTEX_H

#include <weft/base/atomic.h>
#include <weft/base/time.h>

/* Sleep while the word holds `expected`, until a wake or the deadline. Returns
 * at once if it holds something else. Not a cancellation point.
 * true: woken, or the word differed, or for no reason at all: look again.
 * false: the deadline came first; this call took no wake-up from anybody. */
bool wefti_futex_wait_until(weft_atomic_u32 *word, uint32_t expected,
                            weft_deadline d);

/* Wake at most `count` threads that sleep on the word. The word's memory is
 * not read, and may already be gone. */
void wefti_futex_wake(const weft_atomic_u32 *word, uint32_t count);

static inline void wefti_futex_wait(weft_atomic_u32 *word, uint32_t expected)
{
    (void)wefti_futex_wait_until(word, expected, WEFT_FOREVER);
}

static inline void wefti_futex_wake_one(const weft_atomic_u32 *word)
{
    wefti_futex_wake(word, 1);
}

static inline void wefti_futex_wake_all(const weft_atomic_u32 *word)
{
    wefti_futex_wake(word, INT32_MAX);
}

#endif
