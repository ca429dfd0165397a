/* A write just past the end of a block. */
// under: address
// expect: AddressSanitizer: heap-buffer-overflow
#include <stdlib.h>

#include <criterion/criterion.h>

__attribute__((noinline)) static void set(char *block, size_t at)
{
    block[at] = 1;
}

Test(planted, heap_overflow)
{
    char *block = malloc(8);
    set(block, 8);
    cr_assert(block);
    free(block);
}
