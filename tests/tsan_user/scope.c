/* Scope: threads borrow locals of the block that waits for them.
 * planted 1: both_write_here */
#include <weft/weft.h>

__attribute__((noinline)) static void both_write_here(long *place)
{
    ++*place;
}

static void count(void *arg)
{
    both_write_here(arg);
}

int main(void)
{
    for (int i = 0; i < 20; i++) {
        long left = 0, right = 0;
        long *second = PLANTED == 1 ? &left : &right;
        WEFT_SCOPE(s) {
            weft_require(weft_scope_spawn(&s, count, &left) == WEFT_OK);
            weft_require(weft_scope_spawn(&s, count, second) == WEFT_OK);
        }
        weft_require(left + right >= 1);
        both_write_here(&left);
    }
    return 0;
}
