/* malloc and the copying functions, in place of the C library's. Memory that
 * an execution has allocated is its own; all other goes to the real ones. */
#include "model/explorer.h"
#include "model/memory.h"
#include "model/real.h"

#include <errno.h>

#define HERE __builtin_return_address(0)

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **memory, size_t align, size_t size);
void __wrap_free(void *memory);
void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memset(void *to, int byte, size_t size);

enum { ALIGN = 16 };

static void *alloc(size_t size, size_t align, const void *pc)
{
    void *memory = wefti_memory_alloc(size, align, pc);
    if (memory == NULL) {
        errno = ENOMEM;
    }
    wefti_explorer_leave();
    return memory;
}

void *__wrap_malloc(size_t size)
{
    if (!wefti_explored) {
        return __real_malloc(size);
    }
    (void)wefti_explorer_enter();
    return alloc(size, ALIGN, HERE);
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (!wefti_explored) {
        return __real_calloc(count, size);
    }
    (void)wefti_explorer_enter();
    size_t all;
    if (__builtin_mul_overflow(count, size, &all)) {
        wefti_explorer_leave();
        return NULL;
    }
    void *memory = alloc(all, ALIGN, HERE);
    if (memory != NULL) {
        (void)__wrap_memset(memory, 0, all);
    }
    return memory;
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    if (!wefti_explored) {
        return __real_aligned_alloc(align, size);
    }
    (void)wefti_explorer_enter();
    return alloc(size, align, HERE);
}

int __wrap_posix_memalign(void **memory, size_t align, size_t size)
{
    if (!wefti_explored) {
        return __real_posix_memalign(memory, align, size);
    }
    (void)wefti_explorer_enter();
    *memory = alloc(size, align, HERE);
    return *memory != NULL ? 0 : ENOMEM;
}

void __wrap_free(void *memory)
{
    if (!wefti_memory_is_heap((uintptr_t)memory)) {
        __real_free(memory);
    } else if (wefti_explorer_enter()) {
        wefti_memory_free(memory, HERE);
        wefti_explorer_leave();
    }
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (memory != NULL && !wefti_memory_is_heap((uintptr_t)memory)) {
        return __real_realloc(memory, size);
    }
    void *moved = __wrap_malloc(size);
    if (memory != NULL && moved != NULL) {
        size_t old = wefti_memory_size(memory);
        (void)__wrap_memcpy(moved, memory, old < size ? old : size);
        __wrap_free(memory);
    }
    return moved;
}

static void touch(void *to, const void *from, size_t size, const void *pc)
{
    if (!wefti_explorer_enter()) {
        return;
    }
    if (from != NULL) {
        wefti_memory_read((uintptr_t)from, size, pc);
    }
    wefti_memory_write((uintptr_t)to, size, pc);
    wefti_explorer_leave();
}

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
    touch(to, from, size, HERE);
    return __real_memcpy(to, from, size);
}

void *__wrap_memmove(void *to, const void *from, size_t size)
{
    touch(to, from, size, HERE);
    return __real_memmove(to, from, size);
}

void *__wrap_memset(void *to, int byte, size_t size)
{
    touch(to, NULL, size, HERE);
    return __real_memset(to, byte, size);
}

/* clang's names for those that it makes itself. */
void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memset(void *to, int byte, size_t size);

WEFT_API void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    return __wrap_memcpy(to, from, size);
}

WEFT_API void *__tsan_memmove(void *to, const void *from, size_t size)
{
    return __wrap_memmove(to, from, size);
}

WEFT_API void *__tsan_memset(void *to, int byte, size_t size)
{
    return __wrap_memset(to, byte, size);
}
