/* What weft tells the sanitizer of the program it is linked into.
 *
 * A program built with -fsanitize=thread brings ThreadSanitizer's runtime with
 * it. The runtime sees the program's own code, weft's inlined fast paths among
 * it, and the calls of libc that weft makes; but not what this library does by
 * itself, if it was built without instrumentation, as packaged libraries are.
 * So wherever the library hands something from one thread of the program to
 * another, or touches the program's memory, it says so here. The references
 * are weak: in all other programs they are null, and each call below is a
 * comparison with zero that is always predicted. In a library that is itself
 * instrumented they vanish.
 *
 * An address given to acquire and release is that of the atomic word that
 * really orders the two sides, so that they meet those inlined into the
 * program, and order no more than is ordered. What is hidden must be memory
 * that the program never sees. */
#ifndef WEFT_SRC_BASE_SANITIZER_H
#define WEFT_SRC_BASE_SANITIZER_H

#include <weft/base/config.h>

#include <string.h>

#define WEFTI_WEAK __attribute__((weak))

#if !WEFT_TSAN
extern void __tsan_acquire(const volatile void *word) WEFTI_WEAK;
extern void __tsan_release(const volatile void *word) WEFTI_WEAK;
extern void __tsan_read_range_pc(const volatile void *memory, size_t size,
                                 void *pc) WEFTI_WEAK;
extern void __tsan_write_range_pc(const volatile void *memory, size_t size,
                                  void *pc) WEFTI_WEAK;
extern void __tsan_ignore_thread_begin(void) WEFTI_WEAK;
extern void __tsan_ignore_thread_end(void) WEFTI_WEAK;
#endif

/* Whether ThreadSanitizer watches the program, but cannot see this library. */
#if WEFT_TSAN
#define WEFTI_TSAN_BLIND false
#define WEFTI_TSAN_TELL(call) ((void)0)
#else
#define WEFTI_TSAN_BLIND WEFT_UNLIKELY(__tsan_acquire != NULL)
#define WEFTI_TSAN_TELL(call)   \
    do {                        \
        if (WEFTI_TSAN_BLIND) { \
            call;               \
        }                       \
    } while (0)
#endif

/* Before the operation that hands over: what this thread did so far comes
 * before what others do after they acquire. Each call bears the tag of the
 * operation it speaks for, such as [mutex.data]. */
WEFT_ALWAYS_INLINE void wefti_tsan_release(const volatile void *word)
{
    (void)word;
    WEFTI_TSAN_TELL(__tsan_release(word));
}

/* After the operation that received. */
WEFT_ALWAYS_INLINE void wefti_tsan_acquire(const volatile void *word)
{
    (void)word;
    WEFTI_TSAN_TELL(__tsan_acquire(word));
}

/* The line of the program that called the function this stands in. */
#define WEFTI_CALLER __builtin_return_address(0)

/* On the program's behalf, `caller` reads (writes) the program's memory. */
WEFT_ALWAYS_INLINE void wefti_tsan_reads(const void *memory, size_t size,
                                         void *caller)
{
    (void)memory;
    (void)size;
    (void)caller;
    WEFTI_TSAN_TELL(__tsan_read_range_pc(memory, size, caller));
}

WEFT_ALWAYS_INLINE void wefti_tsan_writes(const void *memory, size_t size,
                                          void *caller)
{
    (void)memory;
    (void)size;
    (void)caller;
    WEFTI_TSAN_TELL(__tsan_write_range_pc(memory, size, caller));
}

/* Between the two, on this thread, what libc is asked to do to memory (copy,
 * clear, allocate, free) is no access. Nests. */
WEFT_ALWAYS_INLINE void wefti_tsan_hide(void)
{
    WEFTI_TSAN_TELL(__tsan_ignore_thread_begin());
}

WEFT_ALWAYS_INLINE void wefti_tsan_show(void)
{
    WEFTI_TSAN_TELL(__tsan_ignore_thread_end());
}

/* Copy a result to where the program wants it. Not as libc's copy is seen: then
 * a report would name this library's line and not the program's. */
static inline void wefti_tsan_deliver(void *to, const void *from, size_t size,
                                      void *caller)
{
    wefti_tsan_writes(to, size, caller);
    wefti_tsan_hide();
    memcpy(to, from, size);
    wefti_tsan_show();
}

#endif
