#include <weft/weft.h>

WEFT_ARC_DEFINE(number, int);

int main(void)
{
    number n;
    if (number_create(&n, 3) != WEFT_OK) {
        return 1;
    }
#ifdef FIXED
    int value = *number_get(&n);
    number_drop(&n);
#else
    number_drop(&n);
    int value = *number_get(&n);
#endif
    return value - 3;
}
