/* 12. A result ignored
 *
 * gcc-12    warning    ignoring return value of 'weft_mutex_lock' declared with
 *                      attribute 'warn_unused_result'
 * clang-14  warning    ignoring return value of function declared with
 *                      'warn_unused_result' attribute
 * clang-19  warning    ignoring return value of function declared with
 *                      'warn_unused_result' attribute
 */
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
