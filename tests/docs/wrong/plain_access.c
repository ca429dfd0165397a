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
