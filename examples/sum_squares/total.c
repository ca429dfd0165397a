#include "total.h"

total total_add(total a, total b)
{
    total t = {a.high + b.high, a.low + b.low, a.real + b.real};
    t.high += t.low < a.low;
    return t;
}

total total_of(int64_t sum)
{
    total t = {0, (uint64_t)sum, 0};
    return t;
}

total total_of_real(double sum)
{
    total t = {0, 0, sum};
    return t;
}

total total_of_halves(uint64_t upper, uint64_t lower)
{
    total high = {upper >> 32, upper << 32, 0};
    total low = {0, lower, 0};
    return total_add(high, low);
}

/* Divide by 1000 in place, by long division in digits of 32 bits, and return
 * the remainder. */
static unsigned divide_by_1000(total *t)
{
    uint32_t digit[4] = {(uint32_t)(t->high >> 32), (uint32_t)t->high,
                         (uint32_t)(t->low >> 32), (uint32_t)t->low};
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
        rest = rest << 32 | digit[i];
        digit[i] = (uint32_t)(rest / 1000);
        rest %= 1000;
    }
    t->high = (uint64_t)digit[0] << 32 | digit[1];
    t->low = (uint64_t)digit[2] << 32 | digit[3];
    return (unsigned)rest;
}

const char *total_format(total t, char text[TOTAL_DIGITS])
{
    char *start = text + TOTAL_DIGITS - 1;
    *start = '\0';
    for (;;) {
        unsigned group = divide_by_1000(&t);
        bool last = t.high == 0 && t.low == 0;
        for (int i = 0; i < 3 && (i == 0 || !last || group > 0); i++) {
            *--start = (char)('0' + group % 10);
            group /= 10;
        }
        if (last) {
            return start;
        }
        *--start = ',';
    }
}
