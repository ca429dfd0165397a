#include "number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

number_is number_read(const char *text, uint64_t least, uint64_t most,
                      uint64_t *number, size_t *digits)
{
    *digits = strspn(text, "0123456789");
    if (text[*digits] != '\0' || *digits == 0) {
        return NUMBER_IS_NONE;
    }
    errno = 0;
    uint64_t value = strtoull(text, NULL, 10);
    if (errno == ERANGE || value < least || value > most) {
        return NUMBER_IS_OUTSIDE;
    }
    *number = value;
    return NUMBER_FITS;
}
