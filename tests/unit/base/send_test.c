/* What must compile, compiles; that the rest does not is tested where whole
 * files are compiled to be rejected. */
#include <weft/base/send.h>

#include <criterion/criterion.h>

typedef struct job {
    int id;
} job;
WEFT_SEND(job);

typedef struct batch {
    job first;
    uint64_t time;
    double weight;
} batch;
WEFT_SEND_DERIVE(batch, job, uint64_t, double);

typedef struct single {
    job only;
} single;
WEFT_SEND_DERIVE(single, job);

typedef struct widest {
    batch a;
    job b;
    bool c;
    char d;
    int e;
    long f;
    size_t g;
    uint8_t h;
} widest;
WEFT_SEND_DERIVE(widest, batch, job, bool, char, int, long, size_t, uint8_t);

/* Declared here, refused only where it is sent. */
typedef struct local_count {
    int n;
} local_count;
WEFT_NOT_SEND(local_count, "its count is not atomic");

/* A promise may be given twice, by two headers that do not know each other. */
WEFT_SEND(job);

WEFT_REQUIRE_SEND(job, of_a_struct);
WEFT_REQUIRE_SEND(batch, of_a_derived_one);
WEFT_REQUIRE_SEND(single, of_one_field);
WEFT_REQUIRE_SEND(widest, of_eight_fields);
WEFT_REQUIRE_SEND(int, of_a_builtin);
WEFT_REQUIRE_SEND(unsigned, of_another);

/* A macro of the user's expands bool to _Bool before it arrives. */
#define CHANNEL_OF(T, where) WEFT_REQUIRE_SEND(T, where)
CHANNEL_OF(bool, through_a_macro);
CHANNEL_OF(uintptr_t, of_a_pointer_through_a_macro);

Test(send, a_check_costs_the_program_nothing)
{
    WEFT_REQUIRE_SEND(double, in_a_block);
    cr_assert_eq(sizeof(struct weft_send_check_of_a_struct), 1);
    cr_assert_eq(sizeof(struct weft_send_check_in_a_block), 1);
    local_count c = {1};
    cr_assert_eq(c.n, 1);
}

Test(send, a_derived_type_asks_for_each_of_its_fields)
{
    cr_assert_eq(sizeof(struct weft_send_derive_single), 1);
    cr_assert_eq(sizeof(struct weft_send_derive_batch), 3);
    cr_assert_eq(sizeof(struct weft_send_derive_widest), 8);
}
