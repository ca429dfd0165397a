#include <weft/weft.h>

static char arena[64];

int main(void)
{
    weft_spinlock *lock = (weft_spinlock *)(void *)arena;
    weft_spinlock_init(lock);
    weft_spinlock_lock(lock);
    weft_spinlock_unlock(lock);
    weft_bury(arena, sizeof arena);
#ifdef FIXED
    weft_spinlock_init(lock);
#endif
    weft_spinlock_lock(lock);
    weft_spinlock_unlock(lock);
    return 0;
}
