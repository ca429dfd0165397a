#include <weft/weft.h>

static void nothing(void *arg)
{
    (void)arg;
}

int main(void)
{
    weft_pool *pool;
    weft_require(weft_pool_create(&pool, NULL) == WEFT_OK);
#ifdef FIXED
    weft_require(weft_pool_install(pool, nothing, NULL) == WEFT_OK);
    weft_pool_free(pool);
#else
    weft_pool_free(pool);
    weft_require(weft_pool_install(pool, nothing, NULL) == WEFT_OK);
#endif
    return 0;
}
