/* 4. A change to what is shared
 *
 * gcc-12    error      assignment of member 'hops' in read-only object
 * clang-14  error      cannot assign to return value because function
 *                      'shared_route_get' returns a const value
 * clang-19  error      cannot assign to return value because function
 *                      'shared_route_get' returns a const value
 */
#include <weft/weft.h>

typedef struct route {
    int hops;
} route;
WEFT_SEND(route);
WEFT_ARC_DEFINE(shared_route, route);

int main(void)
{
    shared_route a;
    if (shared_route_create(&a, (route){3}) != WEFT_OK) {
        return 1;
    }
#ifdef FIXED
    shared_route_get_mut(&a)->hops = 4; /* the only handle: not NULL */
#else
    shared_route_get(&a)->hops = 4;
#endif
    shared_route_drop(&a);
    return 0;
}
