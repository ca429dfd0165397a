/* One more owner, one less: what it costs to share, alone and while another
 * thread does the same to the same object. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/mem/arc.h>

WEFT_ARC_DEFINE(number, uint64_t);

/* clang's analysis cannot follow a handle through the harness's void pointer,
 * hence WEFT_UNCHECKED. */
WEFT_UNCHECKED static void *number_start(const bench_shape *shape)
{
    (void)shape;
    number *shared = bench_alloc(sizeof *shared);
    if (number_create(shared, 7) != WEFT_OK) {
        abort();
    }
    return shared;
}

WEFT_UNCHECKED static void number_run(void *arg, const bench_share *share)
{
    const number *shared = arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        number mine;
        number_clone(&mine, shared);
        bench_keep(mine);
        number_drop(&mine);
    }
}

WEFT_UNCHECKED static bool number_finish(void *arg, const bench_shape *shape)
{
    (void)shape;
    number *shared = arg;
    const bool right =
        number_strong_count(shared) == 1 && *number_get(shared) == 7;
    number_drop(shared);
    free(shared);
    return right;
}

static const bench_contender weft_number = {
    .name = "NAME_clone, NAME_drop",
    .kind = BENCH_WEFT,
    .start = number_start,
    .run = number_run,
    .finish = number_finish,
};

static const bench_contender *const all[] = {
    &weft_number,
    &peer_rust_arc,
    &peer_c11_count,
};

#define GROUP(name_, threads_)                                             \
    {                                                                      \
        .name = (name_), .workload = "Clone a handle and drop the clone",  \
        .threads = (threads_), .unit = BENCH_TIME, .peer = &peer_rust_arc, \
        .fallback = &peer_c11_count, BENCH_CONTENDERS(all),                \
    }

static const bench_group groups[] = {
    GROUP("arc, alone", 1),
    GROUP("arc, 2 threads", 2),
};

int main(int argc, char **argv)
{
    const bench_file file = {"mem/arc", groups, BENCH_COUNT(groups)};
    return bench_main(argc, argv, &file);
}
