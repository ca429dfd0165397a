/* 7. A value given back twice
 *
 * gcc-12    optimised  weft: use of a moved-from or dropped handle
 * clang-14  safety     releasing mutex 'n' that was not held
 * clang-19  safety     releasing live handle 'n' that was not held
 * all       run        use of a moved-from or dropped number
 */
#include <weft/weft.h>

WEFT_ARC_DEFINE(number, int);

static bool is_odd(number n)
{
    number_adopt(&n);
    bool odd = *number_get(&n) % 2 != 0;
    number_drop(&n);
    return odd;
}

int main(void)
{
    number n;
    if (number_create(&n, 3) != WEFT_OK) {
        return 1;
    }
    bool odd = is_odd(number_move(&n));
#ifndef FIXED
    number_drop(&n);
#endif
    return odd ? 0 : 1;
}
