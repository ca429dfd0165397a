#include <weft/weft.h>

typedef struct route {
    int hops;
} route;
WEFT_SEND(route);
WEFT_ARC_DEFINE(shared_route, route);

int main(void)
{
    shared_route a, b;
    weft_require(shared_route_create(&a, (route){3}) == WEFT_OK);
#ifdef FIXED
    shared_route_clone(&b, &a);
#else
    b = a;
#endif
    shared_route_drop(&a);
    const int hops = shared_route_get(&b)->hops;
    shared_route_drop(&b);
    return hops == 3 ? 0 : 1;
}
