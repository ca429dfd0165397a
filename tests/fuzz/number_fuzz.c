/* Whole numbers on the command line (examples/sum_squares/number.c), against a
 * reader that adds digit by digit. The first bytes choose the limits: eight for
 * each, and one by how much it is shifted. */
#include "fuzz.h"

#include "number.h"

static uint64_t limit(const uint8_t *data)
{
    uint64_t bits;
    memcpy(&bits, data, sizeof bits);
    return bits >> (data[8] & 63);
}

/* false: not a number at all. *huge: of more than 64 bits. */
static bool reference(const char *text, uint64_t *value, bool *huge)
{
    *value = 0;
    *huge = false;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        *huge = __builtin_mul_overflow(*value, 10u, value) || *huge;
        *huge =
            __builtin_add_overflow(*value, (unsigned)(*text - '0'), value) ||
            *huge;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 18 };
    if (size < HEAD) {
        return 0;
    }
    const uint64_t least = limit(data);
    const uint64_t most = limit(data + HEAD / 2);
    char *text = fuzz_string(data + HEAD, size - HEAD);
    uint64_t number = 0, value;
    size_t digits = SIZE_MAX;
    bool huge;
    number_is is = number_read(text, least, most, &number, &digits);
    if (!reference(text, &value, &huge)) {
        fuzz_require(is == NUMBER_IS_NONE);
    } else if (huge || value < least || value > most) {
        fuzz_require(is == NUMBER_IS_OUTSIDE);
    } else {
        fuzz_require(is == NUMBER_FITS && number == value);
    }
    fuzz_require(digits <= strlen(text));
    for (size_t i = 0; i < digits; i++) {
        fuzz_require(text[i] >= '0' && text[i] <= '9');
    }
    free(text);
    return 0;
}
