#include <weft/base/status.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { STATUSES = 13, NOT_A_STATUS = 1000 };

/* The table is in the order of the ABI: its index is the value. */
static const weft_status all[STATUSES] = {
    WEFT_OK,      WEFT_TIMEOUT,   WEFT_BUSY,         WEFT_POISONED,
    WEFT_CLOSED,  WEFT_FULL,      WEFT_EMPTY,        WEFT_PANICKED,
    WEFT_EXITED,  WEFT_NO_MEMORY, WEFT_NO_RESOURCES, WEFT_OVERFLOW,
    WEFT_INVALID,
};

Test(status, values_are_part_of_the_abi)
{
    for (int i = 0; i < STATUSES; i++) {
        cr_assert_eq((int)all[i], i);
    }
}

Test(status, each_has_a_text_of_its_own_without_a_full_stop)
{
    for (int i = 0; i < STATUSES; i++) {
        const char *text = weft_status_str(all[i]);
        cr_assert_gt(strlen(text), 0, "status %d", i);
        cr_assert_neq(text[strlen(text) - 1], '.', "status %d", i);
        for (int j = 0; j < i; j++) {
            cr_assert_str_neq(text, weft_status_str(all[j]), "%d and %d", i, j);
        }
    }
}

Test(status, a_value_that_is_none_has_a_text_too)
{
    const char *text = weft_status_str((weft_status)NOT_A_STATUS);
    cr_assert_not_null(text);
    cr_assert_str_eq(text, weft_status_str((weft_status)STATUSES),
                     "a status was added: add it to this test");
    for (int i = 0; i < STATUSES; i++) {
        cr_assert_str_neq(text, weft_status_str(all[i]));
    }
}

Test(status, the_library_is_of_the_version_of_its_headers)
{
    char version[32];
    (void)snprintf(version, sizeof version, "%d.%d.%d", WEFT_VERSION_MAJOR,
                   WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
    cr_assert_str_eq(weft_version(), version);
    cr_assert_str_eq(WEFT_VERSION_STRING, version);
}
