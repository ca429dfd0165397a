/* 3. An rc sent to a thread
 *
 * all       error      note cannot be sent between threads: its count is not
 *                      atomic; use an arc
 */
#include <weft/weft.h>

#ifdef FIXED
WEFT_ARC_DEFINE(note, int);
#else
WEFT_RC_DEFINE(note, int);
#endif
WEFT_THREAD_DEFINE(reader, int, note);

static int read_note(note n)
{
    note_adopt(&n);
    int read = *note_get(&n);
    note_drop(&n);
    return read;
}

int main(void)
{
    note n;
    if (note_create(&n, 42) != WEFT_OK) {
        return 1;
    }
    reader r;
    reader_result end;
    if (reader_spawn(&r, read_note, note_move(&n)) != WEFT_OK) {
        return 1;
    }
    return reader_join(&r, &end) == WEFT_OK && end.value == 42 ? 0 : 1;
}
