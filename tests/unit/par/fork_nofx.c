/* Built without -fexceptions: frames whose cleanups no panic runs. */
#include <weft/par/task.h>

#ifdef __EXCEPTIONS
#error "this file is to be compiled with -fno-exceptions"
#endif

int nofx_tree(int depth, int panic_at);

WEFT_TASK(int, tree, int, depth, int, panic_at)
{
    if (depth == 0) {
        return 1;
    }
    weft_fork(tree, left, depth - 1, panic_at);
    if (depth == panic_at) {
        weft_panic("between");
    }
    int right = tree(depth - 1, panic_at);
    return weft_join(tree, left) + right;
}

int nofx_tree(int depth, int panic_at)
{
    return tree(depth, panic_at);
}
