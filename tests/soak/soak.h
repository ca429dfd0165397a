/* The soak test: actors that do at random what programs do with weft, for as
 * long as one likes, and invariants that must hold all the while.
 *
 * An actor is one file. Its `act` is one round of its play, called again and
 * again by several threads at once; its choices come from a generator of the
 * thread's own, so that a seed repeats them. `end` runs when all have stopped,
 * and looks at what is left. Memory is refused at random. */
#ifndef WEFT_TESTS_SOAK_SOAK_H
#define WEFT_TESTS_SOAK_SOAK_H

#ifdef __clang__
/* What is locked lies in arrays here, which is beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <weft/weft.h>

#include "support/seed.h"

/* What became of a step. */
enum soak_outcome {
    SOAK_DONE,
    SOAK_TIMED_OUT, /* or would have had to wait */
    SOAK_REFUSED,   /* no memory, or no thread */
    SOAK_PANICKED,  /* as planned */
    SOAK_CLOSED,    /* the other end was gone, or a lock poisoned */
    SOAK_OUTCOMES
};

/* A thread that plays an actor. Owner only, but for what is atomic. */
typedef struct soak_self {
    test_rng rng;
    uint32_t index; /* among those who play the same */
    uint64_t outcomes[SOAK_OUTCOMES];
    weft_atomic_u64 rounds;
} soak_self;

typedef struct soak_actor {
    const char *name;
    uint32_t players; /* threads */
    void (*begin)(void);
    void (*act)(soak_self *me);
    void (*stop)(uint32_t index); /* on the thread, after its last round */
    void (*end)(void);
} soak_actor;

extern const soak_actor soak_bank;
extern const soak_actor soak_fair;
extern const soak_actor soak_mailbox;
extern const soak_actor soak_family;
extern const soak_actor soak_crew;
extern const soak_actor soak_mill;

/* End the process, naming the seed and the invariant, unless cond holds. Any
 * thread. */
#define soak_check(cond) \
    ((cond) ? (void)0 : soak_fail(__FILE__, __LINE__, #cond))
WEFT_NORETURN void soak_fail(const char *file, int line, const char *what);

/* Count an outcome, or that of a call. */
void soak_note(soak_self *me, enum soak_outcome outcome);
void soak_note_status(soak_self *me, weft_status s);

/* Choices: a number below `bound`; true once in `bound` times; a deadline that
 * is past, near or, at times, never comes. */
uint64_t soak_below(soak_self *me, uint64_t bound);
bool soak_chance(soak_self *me, uint64_t bound);
weft_deadline soak_deadline(soak_self *me);

/* A panic that is planned: soak_is_planned knows it again. */
WEFT_NORETURN void soak_panic(void);
WEFT_NODISCARD bool soak_is_planned(const weft_panic_info *info);

/* A panic of a block form that got no memory for its lock. */
WEFT_NODISCARD bool soak_is_refusal(const weft_panic_info *info);

/* The allocator: counts, and from time to time refuses. */
void soak_memory_install(void);
void soak_memory_refuse(bool at_times);
WEFT_NODISCARD uint64_t soak_memory_live(void);
WEFT_NODISCARD uint64_t soak_memory_refusals(void);

#endif
