/* WEFT_NUM_WORKERS (wefti_pool_wish), against a reader that goes by digits. */
#include "fuzz.h"

#include "par/pool.h"

static size_t reference(const char *text)
{
    size_t value = 0;
    if (*text == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        value = value * 10 + (size_t)(*text - '0');
        value = value > WEFTI_POOL_WORKERS ? WEFTI_POOL_WORKERS + 1 : value;
    }
    return value <= WEFTI_POOL_WORKERS ? value : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    fuzz_require(wefti_pool_wish(text) == reference(text));
    fuzz_require(wefti_pool_wish(NULL) == 0);
    free(text);
    return 0;
}
