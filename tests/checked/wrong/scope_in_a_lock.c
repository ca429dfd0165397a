#include <weft/weft.h>

static weft_mutex m;

static void nothing(void *arg)
{
    (void)arg;
}

int main(void)
{
    weft_require(weft_mutex_lock(&m) == WEFT_OK);
#ifdef FIXED
    weft_mutex_unlock(&m);
#endif
    WEFT_SCOPE(s) {
        weft_require(weft_scope_spawn(&s, nothing, NULL) == WEFT_OK);
    }
#ifndef FIXED
    weft_mutex_unlock(&m);
#endif
    return 0;
}
