#include <weft/weft.h>

typedef struct route {
    int hops;
} route;
WEFT_SEND(route);
WEFT_ARC_DEFINE(shared_route, route);

static void keep(shared_route *a)
{
    shared_route kept = shared_route_move(a);
    shared_route_adopt(&kept);
    shared_route_drop(&kept);
}

int main(void)
{
    shared_route a;
    weft_require(shared_route_create(&a, (route){3}) == WEFT_OK);
    keep(&a);
#ifndef FIXED
    return shared_route_get(&a)->hops;
#endif
}
