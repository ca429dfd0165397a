/* 7. Use of a value that was given back
 *
 * gcc-12    optimised  weft: use of a moved-from or dropped handle
 * clang-14  safety     calling function 'number_get' requires holding mutex 'n'
 * clang-19  safety     calling function 'number_get' requires holding live
 *                      handle 'n'
 * all       run        use of a moved-from or dropped number
 */
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
