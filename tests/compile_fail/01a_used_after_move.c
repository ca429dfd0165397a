/* 1. Use after a move into a thread
 *
 * gcc-12    optimised  weft: use of a moved-from or dropped handle
 * clang-14  safety     calling function 'note_get' requires holding mutex
 *                      'mine'
 * clang-19  safety     calling function 'note_get' requires holding live handle
 *                      'mine'
 * all       run        use of a moved-from or dropped note
 */
#include <weft/weft.h>

#include <stdio.h>

WEFT_ARC_DEFINE(note, int);
WEFT_THREAD_DEFINE(reader, weft_unit, note);

static weft_unit print(note n)
{
    note_adopt(&n);
    printf("thread: %d\n", *note_get(&n));
    note_drop(&n);
    return WEFT_UNIT;
}

int main(void)
{
    note mine;
    if (note_create(&mine, 42) != WEFT_OK) {
        return 1;
    }
    reader r;
#ifdef FIXED
    note theirs;
    note_clone(&theirs, &mine);
    weft_status s = reader_spawn(&r, print, note_move(&theirs));
#else
    weft_status s = reader_spawn(&r, print, note_move(&mine));
#endif
    if (s != WEFT_OK) {
        return 1;
    }
    printf("main: %d\n", *note_get(&mine));
    note_drop(&mine);
    return reader_join(&r, NULL) == WEFT_OK ? 0 : 1;
}
