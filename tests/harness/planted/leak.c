/* A block that nobody can free any more. */
// under: address
// expect: LeakSanitizer: detected memory leaks
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

__attribute__((noinline)) static void lose(void)
{
    char *volatile block = malloc(77);
    block[0] = 1;
    block = NULL;
}

__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[4096];
    for (size_t i = 0; i < sizeof old; i++) {
        old[i] = 0;
    }
}

Test(planted, leak)
{
    lose();
    wipe_stack();
}
