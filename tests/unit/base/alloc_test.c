#include "base/alloc.h"

#include "support/alloc_fail.h"

#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_ALIGN = 4096, BLOCK = 100 };

/* What the hooks were last given. */
typedef struct call {
    void *memory;
    size_t size;
    size_t align;
    size_t count;
} call;

typedef struct hooks {
    call alloc;
    call free;
} hooks;

static void *note_alloc(size_t size, size_t align, void *user)
{
    hooks *h = user;
    void *memory = NULL;
    if (posix_memalign(&memory, align, size) != 0) {
        memory = NULL;
    } else {
        memset(memory, 0xa5, size);
    }
    h->alloc = (call){memory, size, align, h->alloc.count + 1};
    return memory;
}

static void note_free(void *memory, size_t size, size_t align, void *user)
{
    hooks *h = user;
    h->free = (call){memory, size, align, h->free.count + 1};
    free(memory);
}

static void *refuse(size_t size, size_t align, void *user)
{
    (void)size;
    (void)align;
    (void)user;
    return NULL;
}

static bool aligned(const void *memory, size_t align)
{
    return ((uintptr_t)memory & (align - 1)) == 0;
}

static bool all_zero(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void every_alignment_is_kept(void)
{
    for (size_t align = 1; align <= LARGEST_ALIGN; align *= 2) {
        unsigned char *plain = wefti_alloc(BLOCK, align);
        unsigned char *zeroed = wefti_alloc_zeroed(BLOCK, align);
        cr_assert(plain != NULL && aligned(plain, align), "%zu", align);
        cr_assert(zeroed != NULL && aligned(zeroed, align), "%zu", align);
        cr_assert(all_zero(zeroed, BLOCK), "%zu", align);
        memset(plain, 0xff, BLOCK);
        memset(zeroed, 0xff, BLOCK);
        wefti_free(plain, BLOCK, align);
        wefti_free(zeroed, BLOCK, align);
    }
}

Test(alloc, malloc_keeps_every_alignment)
{
    every_alignment_is_kept();
}

Test(alloc, the_users_allocator_keeps_every_alignment)
{
    hooks h = {0};
    weft_allocator a = {note_alloc, note_free, &h};
    weft_set_allocator(&a);
    every_alignment_is_kept();
    cr_assert_gt(h.alloc.count, 0);
    cr_assert_eq(h.alloc.count, h.free.count);
}

Test(alloc, free_is_given_the_terms_of_alloc)
{
    static const size_t sizes[] = {0, 1, 7, 64, 4097};
    hooks h = {0};
    weft_allocator a = {note_alloc, note_free, &h};
    weft_set_allocator(&a);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t align = 1; align <= LARGEST_ALIGN; align *= 2) {
            void *memory = wefti_alloc(sizes[i], align);
            cr_assert_eq(h.alloc.memory, memory);
            wefti_free(memory, sizes[i], align);
            cr_assert_eq(h.free.memory, memory);
            cr_assert_eq(h.free.size, h.alloc.size);
            cr_assert_eq(h.free.align, h.alloc.align);
            cr_assert_eq(h.free.count, h.alloc.count);
        }
    }
}

/* posix_memalign and aligned_alloc want no less than the contract promises. */
Test(alloc, hooks_see_no_size_of_zero_and_no_alignment_below_a_pointers)
{
    hooks h = {0};
    weft_allocator a = {note_alloc, note_free, &h};
    weft_set_allocator(&a);
    void *memory = wefti_alloc(0, 1);
    cr_assert_not_null(memory);
    cr_assert_eq(h.alloc.size, 1);
    cr_assert_eq(h.alloc.align, sizeof(void *));
    wefti_free(memory, 0, 1);
    memory = wefti_alloc_zeroed(0, 1);
    cr_assert_not_null(memory);
    wefti_free(memory, 0, 1);
    cr_assert_eq(h.free.count, 2);
}

Test(alloc, free_ignores_null)
{
    hooks h = {0};
    weft_allocator a = {note_alloc, note_free, &h};
    weft_set_allocator(&a);
    wefti_free(NULL, BLOCK, 8);
    cr_assert_eq(h.free.count, 0);
}

Test(alloc, the_allocator_is_copied_and_null_restores_malloc)
{
    hooks h = {0};
    weft_allocator a = {note_alloc, note_free, &h};
    weft_set_allocator(&a);
    a = (weft_allocator){refuse, NULL, NULL};
    void *memory = wefti_alloc(BLOCK, 8);
    cr_assert_not_null(memory);
    wefti_free(memory, BLOCK, 8);
    cr_assert_eq(h.free.count, 1);
    weft_set_allocator(NULL);
    memory = wefti_alloc(BLOCK, 8);
    cr_assert_not_null(memory);
    wefti_free(memory, BLOCK, 8);
    cr_assert_eq(h.alloc.count, 1);
    cr_assert_eq(h.free.count, 1);
}

Test(alloc, refusal_is_null_zeroed_or_not)
{
    weft_allocator a = {refuse, note_free, NULL};
    weft_set_allocator(&a);
    cr_assert_null(wefti_alloc(BLOCK, 8));
    cr_assert_null(wefti_alloc_zeroed(BLOCK, 8));
}

#if !WEFT_ASAN && !WEFT_TSAN /* they end the process instead */
Test(alloc, the_impossible_is_null)
{
    cr_assert_null(wefti_alloc(SIZE_MAX / 2, 8));
    cr_assert_null(wefti_alloc(SIZE_MAX / 2, LARGEST_ALIGN));
    cr_assert_null(wefti_alloc_zeroed(SIZE_MAX / 2, LARGEST_ALIGN));
}
#endif

typedef struct WEFT_ALIGNED(WEFT_CACHE_LINE) line {
    int first;
} line;

Test(alloc, new_and_delete_go_by_the_type)
{
    test_alloc_install();
    line *l = WEFTI_NEW(line);
    cr_assert(l != NULL && aligned(l, WEFT_CACHE_LINE));
    cr_assert(all_zero((const unsigned char *)l, sizeof *l));
    cr_assert_eq(test_alloc_live_bytes(), sizeof *l);
    WEFTI_DELETE(l); /* aborts if the terms differ */
    cr_assert_eq(test_alloc_live(), 0);
}

static void set_half_an_allocator(void *arg)
{
    weft_set_allocator(arg);
}

Test(alloc, an_allocator_is_a_pair)
{
    weft_allocator halves[] = {{note_alloc, NULL, NULL},
                               {NULL, note_free, NULL}};
    for (size_t i = 0; i < 2; i++) {
        weft_panic_info info = {.message = ""};
        cr_assert_eq(
            weft_catch_unwind(set_half_an_allocator, &halves[i], &info),
            WEFT_PANICKED);
        cr_assert_not_null(strstr(info.message, "weft_set_allocator"));
        void *memory = wefti_alloc(BLOCK, 8); /* the one before still is */
        cr_assert_not_null(memory);
        wefti_free(memory, BLOCK, 8);
    }
}
