#include <weft/weft.h>

static weft_mutex m;
static int balance;

int main(void)
{
    if (weft_mutex_lock(&m) != WEFT_OK) {
        return 1;
    }
    if (balance > 0) {
#ifdef FIXED
        weft_mutex_unlock(&m);
#endif
        return 2;
    }
    weft_mutex_unlock(&m);
    return 0;
}
