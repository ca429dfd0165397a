#include <weft/weft.h>

int main(void)
{
    weft_pool *pool;
    weft_require(weft_pool_create(&pool, NULL) == WEFT_OK);
#ifdef FIXED
    weft_pool_free(pool);
#endif
    return 0;
}
