/* malloc and copies in an execution. */
#include "model/memory.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void allocate(void *unused)
{
    (void)unused;
    char *plain = malloc(10);
    char *zeroed = calloc(4, 5);
    char *aligned = aligned_alloc(128, 256);
    void *also = NULL;
    weft_model_assert(posix_memalign(&also, 64, 100) == 0);
    weft_model_assert(plain != NULL && zeroed != NULL && aligned != NULL);
    weft_model_assert((uintptr_t)plain % 16 == 0);
    weft_model_assert((uintptr_t)aligned % 128 == 0);
    weft_model_assert((uintptr_t)also % 64 == 0);
    for (int i = 0; i < 20; i++) {
        weft_model_assert(zeroed[i] == 0);
    }
    strcpy(plain, "ninechars");
    plain = realloc(plain, 100);
    weft_model_assert(plain != NULL && strcmp(plain, "ninechars") == 0);
    plain = realloc(plain, 5);
    weft_model_assert(plain != NULL && memcmp(plain, "ninec", 5) == 0);
    free(plain);
    free(zeroed);
    free(aligned);
    free(also);
    free(NULL);
}

Test(wrap_memory, allocations_are_as_usual)
{
    model_holds(allocate, .name = "allocate");
}

/* The same pointer, so that the compiler does not leave out the call. */
static void *again(void *pointer)
{
    __asm__("" : "+r"(pointer));
    return pointer;
}

static void exhaust(void *unused)
{
    (void)unused;
    volatile int *error = &errno; /* clang believes that malloc leaves it */
    *error = 0;
    weft_model_assert(again(malloc(SIZE_MAX / 2)) == NULL);
    weft_model_assert(*error == ENOMEM);
    volatile size_t many = SIZE_MAX / 2;
    weft_model_assert(again(calloc(many, 3)) == NULL);
    void *kept = NULL;
    weft_model_assert(posix_memalign(&kept, 64, many) == ENOMEM);
    void *block = malloc(8);
    void *same = again(block);
    weft_model_assert(again(realloc(block, many)) == NULL);
    free(same); /* it is still there */
}

Test(wrap_memory, the_heap_ends)
{
    model_holds(exhaust, .name = "exhaust");
}

static char source[40];
static char target[40];

static void copy_beside(void *arg)
{
    (void)arg;
    memmove(source + 1, source, 20);
}

static void copies(void *arg)
{
    weft_model_thread t = weft_model_spawn(copy_beside, arg);
    size_t size = arg != NULL ? 40 : 0;
    memcpy(target, source, size);
    memset(target, 1, size);
    weft_model_join(t);
}

Test(wrap_memory, copies_are_accesses)
{
    model_holds(copies, .name = "no copies");
    weft_model_result r = weft_model_explore(
        copies, target, &(weft_model_options){.quiet = true});
    cr_assert(r.failed);
    cr_assert(strstr(r.message, "data race") != NULL, "%s", r.message);
}
