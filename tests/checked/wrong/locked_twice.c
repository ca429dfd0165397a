#include <weft/weft.h>

static weft_mutex m;

static void count(void)
{
    weft_require(weft_mutex_lock(&m) == WEFT_OK);
    weft_mutex_unlock(&m);
}

int main(void)
{
    weft_require(weft_mutex_lock(&m) == WEFT_OK);
#ifdef FIXED
    weft_mutex_unlock(&m);
    count();
#else
    count();
    weft_mutex_unlock(&m);
#endif
    return 0;
}
