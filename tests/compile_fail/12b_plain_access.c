/* 12. An atomic used as a plain number
 *
 * gcc-12    error      invalid operands to binary + (have 'weft_atomic_u64' and
 *                      'int')
 * clang-14  error      invalid operands to binary expression ('weft_atomic_u64'
 *                      (aka 'struct weft_atomic_u64') and 'int')
 * clang-19  error      invalid operands to binary expression ('weft_atomic_u64'
 *                      (aka 'struct weft_atomic_u64') and 'int')
 */
#include <weft/weft.h>

static weft_atomic_u64 served;

int main(void)
{
#ifdef FIXED
    weft_atomic_u64_add_relaxed(&served, 1);
#else
    served += 1;
#endif
    return 0;
}
