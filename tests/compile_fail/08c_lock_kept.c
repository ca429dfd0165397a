/* 8. A way out without the unlock
 *
 * clang-14  safety     mutex 'm' is not held on every path through here
 * clang-19  safety     mutex 'm' is not held on every path through here
 * all       run        weft_mutex_lock: this thread holds the mutex already
 */
#include <weft/weft.h>

static weft_mutex m;
static int balance;

static bool take(int amount)
{
    if (weft_mutex_lock(&m) != WEFT_OK) {
        return false;
    }
    if (balance < amount) {
#ifdef FIXED
        weft_mutex_unlock(&m);
#endif
        return false;
    }
    balance -= amount;
    weft_mutex_unlock(&m);
    return true;
}

int main(void)
{
    return take(10) || take(5);
}
