/* 10. A thread joined twice
 *
 * clang-14  safety     releasing mutex 't' that was not held
 * clang-19  safety     releasing live handle 't' that was not held
 * all       run        weft_thread_join: the handle is empty: its thread was
 *                      never started, or was already joined or detached
 */
#include <weft/weft.h>

static void *work(void *arg)
{
    return arg;
}

int main(void)
{
    weft_thread t;
    if (weft_thread_spawn(&t, work, NULL) != WEFT_OK) {
        return 1;
    }
    weft_status s = weft_thread_join(&t, NULL);
#ifndef FIXED
    s = weft_thread_join(&t, NULL);
#endif
    return s == WEFT_OK ? 0 : 1;
}
