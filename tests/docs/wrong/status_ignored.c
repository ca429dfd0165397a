#include <weft/weft.h>

static weft_mutex m;

int main(void)
{
#ifdef FIXED
    if (weft_mutex_lock(&m) == WEFT_OK) {
        weft_mutex_unlock(&m);
    }
#else
    weft_mutex_lock(&m);
#endif
    return 0;
}
