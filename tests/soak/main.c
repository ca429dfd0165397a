/* soak [SECONDS]: let all actors play for so long (5 s), and see that all is in
 * order. WEFT_SEED repeats the choices of a run. */
#include "soak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PLAYERS = 4, ACTORS = 6, PATIENCE_S = 30, DEFAULT_S = 5 };

static const soak_actor *const actors[ACTORS] = {&soak_bank,    &soak_fair,
                                                 &soak_mailbox, &soak_family,
                                                 &soak_crew,    &soak_mill};
static const char *const outcomes[SOAK_OUTCOMES] = {
    "done", "timed out", "refused", "panicked", "closed"};

typedef struct player {
    const soak_actor *actor;
    soak_self self;
    weft_thread thread;
} player;

static player players[ACTORS][MOST_PLAYERS];
static weft_atomic_bool over;

/* ------------------------------------------------------- what actors need */

void soak_fail(const char *file, int line, const char *what)
{
    (void)fflush(stdout);
    (void)fprintf(stderr,
                  "soak: %s:%d: not so: %s\n"
                  "soak: WEFT_SEED=%" PRIu64 " repeats the choices\n",
                  file, line, what, test_seed());
    abort();
}

void soak_note(soak_self *me, enum soak_outcome outcome)
{
    me->outcomes[outcome]++;
}

void soak_note_status(soak_self *me, weft_status s)
{
    switch (s) {
    case WEFT_OK:
        soak_note(me, SOAK_DONE);
        return;
    case WEFT_TIMEOUT:
    case WEFT_BUSY:
    case WEFT_FULL:
    case WEFT_EMPTY:
        soak_note(me, SOAK_TIMED_OUT);
        return;
    case WEFT_NO_MEMORY:
    case WEFT_NO_RESOURCES:
        soak_note(me, SOAK_REFUSED);
        return;
    case WEFT_PANICKED:
    case WEFT_EXITED:
        soak_note(me, SOAK_PANICKED);
        return;
    case WEFT_POISONED:
    case WEFT_CLOSED:
        soak_note(me, SOAK_CLOSED);
        return;
    default:
        soak_fail(__FILE__, __LINE__, weft_status_str(s));
    }
}

uint64_t soak_below(soak_self *me, uint64_t bound)
{
    return test_rng_below(&me->rng, bound);
}

bool soak_chance(soak_self *me, uint64_t bound)
{
    return soak_below(me, bound) == 0;
}

weft_deadline soak_deadline(soak_self *me)
{
    switch (soak_below(me, 8)) {
    case 0:
        return weft_deadline_at_ns(soak_below(me, 2));
    case 1:
        return WEFT_FOREVER;
    case 2:
        return weft_deadline_after_us(soak_below(me, 3000));
    default:
        return weft_deadline_after_us(soak_below(me, 60));
    }
}

static const char plan[] = "according to plan";

void soak_panic(void)
{
    weft_panic("%s", plan);
}

bool soak_is_planned(const weft_panic_info *info)
{
    return strcmp(info->message, plan) == 0;
}

bool soak_is_refusal(const weft_panic_info *info)
{
    return strstr(info->message, "memory") != NULL;
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

/* ------------------------------------------------------------------ playing */

static void *play(void *arg)
{
    player *p = arg;
    while (!weft_atomic_bool_load_relaxed(&over)) {
        p->actor->act(&p->self);
        weft_atomic_u64_add_relaxed(&p->self.rounds, 1);
    }
    if (p->actor->stop != NULL) {
        p->actor->stop(p->self.index);
    }
    return NULL;
}

#define EACH_PLAYER(p)                    \
    for (uint32_t a = 0; a < ACTORS; a++) \
        for (player *p = players[a]; p < players[a] + actors[a]->players; p++)

static void start(void)
{
    uint64_t stream = 0;
    for (uint32_t a = 0; a < ACTORS; a++) {
        if (actors[a]->begin != NULL) {
            actors[a]->begin();
        }
    }
    EACH_PLAYER(p)
    {
        p->actor = actors[a];
        p->self.index = (uint32_t)(p - players[a]);
        p->self.rng = test_rng_make(++stream << 32);
        const weft_thread_options options = {.name = p->actor->name};
        soak_check(weft_thread_spawn_with(&p->thread, &options, play, p) ==
                   WEFT_OK);
    }
}

static void stop(void)
{
    weft_atomic_bool_store_relaxed(&over, true);
    EACH_PLAYER(p)
    {
        weft_thread_result end;
        const weft_deadline d = weft_deadline_after_s(PATIENCE_S);
        const weft_status s = weft_thread_join_until(&p->thread, &end, d);
        if (s != WEFT_OK) {
            (void)fprintf(stderr, "soak: %s %u: %s %s\n", p->actor->name,
                          p->self.index, weft_status_str(s),
                          s == WEFT_PANICKED ? end.panic.message : "");
            soak_fail(__FILE__, __LINE__, "every player ends its round");
        }
    }
}

static uint64_t rounds_of(uint32_t a)
{
    uint64_t rounds = 0;
    for (uint32_t i = 0; i < actors[a]->players; i++) {
        rounds += weft_atomic_u64_load_relaxed(&players[a][i].self.rounds);
    }
    return rounds;
}

/* A player whose rounds have not changed for so long has lost a wake-up. */
static void check_progress(void)
{
    static uint64_t seen[ACTORS][MOST_PLAYERS];
    static int still[ACTORS][MOST_PLAYERS];
    EACH_PLAYER(p)
    {
        const uint32_t i = p->self.index;
        const uint64_t now = weft_atomic_u64_load_relaxed(&p->self.rounds);
        still[a][i] = now == seen[a][i] ? still[a][i] + 1 : 0;
        seen[a][i] = now;
        if (still[a][i] > PATIENCE_S) {
            (void)fprintf(stderr, "soak: %s %u is stuck\n", p->actor->name, i);
            soak_fail(__FILE__, __LINE__, "every player gets on");
        }
    }
}

static void show_progress(unsigned second)
{
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    (void)fprintf(stderr, "%4u s", second);
    for (uint32_t a = 0; a < ACTORS; a++) {
        (void)fprintf(stderr, "  %s %" PRIu64, actors[a]->name, rounds_of(a));
    }
    (void)fputc('\n', stderr);
}

static void show_summary(void)
{
    (void)printf("%-8s %9s", "actor", "rounds");
    for (size_t k = 0; k < SOAK_OUTCOMES; k++) {
        (void)printf(" %10s", outcomes[k]);
    }
    for (uint32_t a = 0; a < ACTORS; a++) {
        (void)printf("\n%-8s %9" PRIu64, actors[a]->name, rounds_of(a));
        for (size_t k = 0; k < SOAK_OUTCOMES; k++) {
            uint64_t sum = 0;
            for (uint32_t i = 0; i < actors[a]->players; i++) {
                sum += players[a][i].self.outcomes[k];
            }
            (void)printf(" %10" PRIu64, sum);
        }
    }
    (void)printf("\nmemory refused %" PRIu64 " times\n",
                 soak_memory_refusals());
}

/* What a program of weft keeps to its end: the default pool, the main thread's
 * record. */
static uint64_t settle_in(void)
{
    static weft_mutex mutex;
    soak_check(weft_pool_workers(NULL) >= 1);
    WEFT_LOCK(weft_mutex, g, &mutex) {
    }
    return soak_memory_live();
}

/* Detached threads give back their last when nobody looks. */
static bool nothing_is_left(uint64_t resident)
{
    const weft_deadline d = weft_deadline_after_s(PATIENCE_S);
    while (soak_memory_live() != resident && !weft_deadline_passed(d)) {
        weft_thread_yield();
    }
    return soak_memory_live() == resident;
}

int main(int argc, char **argv)
{
    const unsigned seconds =
        argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : DEFAULT_S;
    (void)test_seed();
    (void)weft_panic_set_hook(silent);
    soak_memory_install();
    const uint64_t resident = settle_in();
    start();
    soak_memory_refuse(true);
    for (unsigned second = 1; second <= seconds; second++) {
        weft_thread_sleep_until(weft_deadline_after_s(1));
        show_progress(second);
        check_progress();
    }
    stop();
    soak_memory_refuse(false);
    for (uint32_t a = 0; a < ACTORS; a++) {
        if (actors[a]->end != NULL) {
            actors[a]->end();
        }
    }
    show_summary();
    soak_check(nothing_is_left(resident));
    (void)printf("soak: %u s, WEFT_SEED=%" PRIu64 ", all in order\n", seconds,
                 test_seed());
    return 0;
}
