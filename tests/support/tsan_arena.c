/* Lets Criterion run under ThreadSanitizer.
 *
 * Criterion's sandbox (boxfort) shares an arena between its processes: it maps
 * it with MAP_FIXED at a random address, after asking mincore whether anything
 * is there. Under ThreadSanitizer nearly all of those addresses are shadow, so
 * every probe says "taken" and the runner gives up (Snaipe/Criterion#274). The
 * two calls are interposed here: the probe is told that the place is free, and
 * the map is moved to a range that the sanitizer leaves to the program. */
#include <weft/base/config.h>

#if WEFT_TSAN && defined(__x86_64__)

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Where boxfort draws its addresses from, and where the sanitizer has room:
 * slots of 16 MiB at the start of the highest application range. */
static const uintptr_t drawn_begin = 0x200000000000;
static const uintptr_t drawn_end = 0x7f0000000000;
static const uintptr_t room_begin = 0x7e8000000000;
static const uintptr_t room_slots = 0x003fff000000;

int weft_test_mincore(void *at, size_t size,
                      unsigned char *pages) __asm__("mincore");
void *weft_test_mmap64(void *at, size_t size, int protection, int flags, int fd,
                       off64_t offset) __asm__("mmap64");

/* All other maps go on to the sanitizer, which must reset their shadow. */
extern void *tsan_mmap64(void *, size_t, int, int, int,
                         off64_t) __asm__("__interceptor_mmap64")
    __attribute__((weak));

#define INTERPOSED \
    __attribute__((no_sanitize("thread"), used, visibility("default")))

INTERPOSED int weft_test_mincore(void *at, size_t size, unsigned char *pages)
{
    const uintptr_t address = (uintptr_t)at;
    if (address >= drawn_begin && address < drawn_end) {
        errno = ENOMEM;
        return -1;
    }
    return (int)syscall(SYS_mincore, at, size, pages);
}

INTERPOSED void *weft_test_mmap64(void *at, size_t size, int protection,
                                  int flags, int fd, off64_t offset)
{
    const uintptr_t address = (uintptr_t)at;
    const bool arena = (flags & MAP_FIXED) && (flags & MAP_SHARED) &&
                       address >= drawn_begin && address < room_begin;
    if (!arena && tsan_mmap64) {
        return tsan_mmap64(at, size, protection, flags, fd, offset);
    }
    if (arena) {
        at = (void *)(room_begin + (address & room_slots));
    }
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

#else

typedef int weft_test_no_arena_here;

#endif
