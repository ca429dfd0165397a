#include <weft/weft.h>

#ifdef FIXED
WEFT_ARC_DEFINE(note, int);
#else
WEFT_RC_DEFINE(note, int);
#endif
WEFT_CHAN_DEFINE(notes, note);

int main(void)
{
    return 0;
}
