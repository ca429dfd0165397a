#include "model/sight.h"

#include "model/order.h"
#include "model/real.h"

enum { MOST_TIMES = 2 };

void wefti_sights_add(wefti_sights *s, uintptr_t address, uint32_t number,
                      uint64_t value)
{
    uint32_t i = 0;
    while (i < s->count && s->list[i].address != address) {
        i++;
    }
    if (i == WEFTI_SIGHTS) { /* forget the oldest */
        (void)__real_memmove(&s->list[0], &s->list[1],
                             (WEFTI_SIGHTS - 1) * sizeof s->list[0]);
        i--;
    } else if (i == s->count) {
        s->count++;
    }
    wefti_sight *seen = &s->list[i];
    bool again = seen->address == address && seen->number == number;
    uint32_t times = again ? seen->times + 1 : 1;
    *seen = (wefti_sight){address, value, number, times, false};
}

void wefti_sights_turn(wefti_sights *s)
{
    uint32_t fresh = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (!s->list[i].before_turn) {
            s->list[fresh] = s->list[i];
            s->list[fresh++].before_turn = true;
        }
    }
    s->count = fresh;
}

bool wefti_sights_changed(const wefti_sights *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const wefti_sight *seen = &s->list[i];
        uint64_t value;
        if (!wefti_order_newest(seen->address, &value) ||
            value != seen->value) {
            return true;
        }
    }
    return false;
}

uint32_t wefti_sights_outworn(const wefti_sights *s, uintptr_t address)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const wefti_sight *seen = &s->list[i];
        if (seen->address == address) {
            bool outworn = seen->before_turn || seen->times >= MOST_TIMES;
            return outworn ? seen->number : 0;
        }
    }
    return 0;
}
