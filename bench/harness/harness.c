#include "harness/harness.h"

#include "harness/gang.h"
#include "harness/machine.h"
#include "harness/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAST_ROUNDS = 10, ROUNDS = 21, MOST_ROUNDS = 1000 };
enum { ROUND_NS = 40 * 1000000, QUICK_ROUND_NS = 8 * 1000000 };
enum { SETTLE_NS = 10 * 1000000 }; /* twice as long as libgomp spins */

typedef struct options {
    const char *filter; /* NULL: everything */
    const char *json;   /* NULL: none */
    const char *commit;
    size_t rounds;     /* 0: as many as the mode asks for */
    uint64_t round_ns; /* how long a round of one contender should take */
    bool quick;
    uint64_t seed;
    bool unpinned;
    bool list;
} options;

/* A contender while its group is measured. */
typedef struct entrant {
    const bench_contender *contender;
    uint64_t iterations;
    double *rounds; /* ns an iteration; options.rounds of them */
    bool wrong;     /* finish found a wrong answer */
} entrant;

typedef struct session {
    options options;
    bench_gang *gang;
    uint64_t random;
} session;

/* xorshift64*, Vigna 2014. */
static uint64_t next_random(session *s)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return s->random * 0x2545F4914F6CDD1DU;
}

static void shuffle(session *s, size_t *order, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)(next_random(s) % i);
        const size_t swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

/* ------------------------------------------------------------ measurement */

static uint64_t measure(session *s, const bench_group *g, entrant *e)
{
    const bench_contender *c = e->contender;
    bench_job job = {
        .contender = c,
        .shape = {e->iterations, g->threads, g->param},
        .pinned = !g->pools && !s->options.unpinned,
    };
    job.state = c->start != NULL ? c->start(&job.shape) : NULL;
    const uint64_t ns = bench_gang_run(s->gang, &job);
    if (g->pools) {
        const struct timespec pause = {.tv_nsec = SETTLE_NS};
        (void)nanosleep(&pause, NULL);
    }
    if (c->finish != NULL && !c->finish(job.state, &job.shape)) {
        e->wrong = true;
    }
    return ns > 0 ? ns : 1;
}

/* Iterations that fill a round; the search is the warm-up, too. */
static void calibrate(session *s, const bench_group *g, entrant *e)
{
    const uint64_t want = s->options.round_ns;
    e->iterations = g->threads;
    for (;;) {
        const uint64_t ns = measure(s, g, e);
        if (ns >= want || e->wrong) {
            return;
        }
        const double short_by = (double)want / (double)ns;
        const double factor = short_by > 10 ? 8 : short_by * 1.1;
        const uint64_t each = e->iterations / g->threads;
        e->iterations = g->threads * ((uint64_t)((double)each * factor) + 1);
    }
}

static void measure_rounds(session *s, const bench_group *g, entrant *entrants,
                           double *reference)
{
    size_t *order = bench_alloc(g->count * sizeof *order);
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (entrants[i].contender->missing == NULL) {
            calibrate(s, g, &entrants[i]);
            order[n++] = i;
        }
    }
    for (size_t r = 0; r < s->options.rounds; r++) {
        shuffle(s, order, n);
        reference[r] = (double)bench_reference_ns();
        for (size_t i = 0; i < n; i++) {
            entrant *e = &entrants[order[i]];
            const uint64_t ns = measure(s, g, e);
            e->rounds[r] = (double)ns / (double)e->iterations;
        }
    }
    free(order);
}

/* ----------------------------------------------------------------- results */

static bool is_fit(const entrant *e)
{
    return e->contender->missing == NULL && !e->wrong;
}

static const entrant *peer_of(const bench_group *g, const entrant *entrants)
{
    const bench_contender *const wanted[] = {g->peer, g->fallback};
    for (size_t k = 0; k < BENCH_COUNT(wanted); k++) {
        for (size_t i = 0; i < g->count; i++) {
            const entrant *e = &entrants[i];
            if (e->contender == wanted[k] && is_fit(e)) {
                return e;
            }
        }
    }
    return NULL;
}

static cJSON *entrant_json(const entrant *e, const entrant *peer, size_t rounds)
{
    static const char *const kinds[] = {
        [BENCH_WEFT] = "weft",
        [BENCH_PEER] = "peer",
        [BENCH_FLOOR] = "floor",
    };
    cJSON *o = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(o, "name", e->contender->name);
    (void)cJSON_AddStringToObject(o, "kind", kinds[e->contender->kind]);
    if (!is_fit(e)) {
        const char *why =
            e->wrong ? "it gave a wrong answer" : e->contender->missing;
        (void)cJSON_AddStringToObject(o, "missing", why);
        return o;
    }
    (void)cJSON_AddNumberToObject(o, "iterations", (double)e->iterations);
    bench_report_summary(o, e->rounds, peer != NULL ? peer->rounds : NULL,
                         rounds);
    return o;
}

static cJSON *group_json(const session *s, const bench_group *g,
                         const entrant *entrants, const double *reference)
{
    const size_t rounds = s->options.rounds;
    const entrant *peer = peer_of(g, entrants);
    cJSON *o = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(o, "name", g->name);
    (void)cJSON_AddStringToObject(o, "workload", g->workload);
    (void)cJSON_AddStringToObject(o, "unit",
                                  g->unit == BENCH_RATE ? "rate" : "time");
    (void)cJSON_AddNumberToObject(o, "threads", g->threads);
    (void)cJSON_AddBoolToObject(o, "pinned", !g->pools && !s->options.unpinned);
    (void)cJSON_AddNumberToObject(o, "param", (double)g->param);
    (void)cJSON_AddStringToObject(
        o, "peer", peer != NULL ? peer->contender->name : "none");
    (void)cJSON_AddItemToObject(
        o, "reference_ns", cJSON_CreateDoubleArray(reference, (int)rounds));
    cJSON *list = cJSON_AddArrayToObject(o, "contenders");
    for (size_t i = 0; i < g->count; i++) {
        (void)cJSON_AddItemToArray(list,
                                   entrant_json(&entrants[i], peer, rounds));
    }
    return o;
}

static bool any_wrong(const bench_group *g, const entrant *entrants)
{
    bool wrong = false;
    for (size_t i = 0; i < g->count; i++) {
        wrong = wrong || entrants[i].wrong;
    }
    return wrong;
}

/* Measure and print one group; false if an answer of it was wrong. */
static bool run_group(session *s, const bench_group *g, cJSON *groups)
{
    const size_t rounds = s->options.rounds;
    entrant *entrants = bench_alloc(g->count * sizeof *entrants);
    double *figures = bench_alloc((g->count + 1) * rounds * sizeof *figures);
    for (size_t i = 0; i < g->count; i++) {
        entrants[i].contender = g->contenders[i];
        entrants[i].rounds = figures + i * rounds;
    }
    double *reference = figures + g->count * rounds;
    measure_rounds(s, g, entrants, reference);
    cJSON *o = group_json(s, g, entrants, reference);
    (void)cJSON_AddItemToArray(groups, o);
    bench_report_group(stdout, o, false);
    (void)fflush(stdout);
    const bool sound = !any_wrong(g, entrants);
    free(figures);
    free(entrants);
    return sound;
}

/* ------------------------------------------------------------ command line */

static void usage(FILE *out, const char *program)
{
    (void)fprintf(
        out,
        "usage: %s [filter] [options]\n"
        "  filter        run the groups whose bench/name contains it\n"
        "  --json FILE   write every round and the machine's facts to FILE\n"
        "  --rounds N    rounds a group, at least %d (default %d)\n"
        "  --quick       shorter rounds, and %d of them\n"
        "  --no-pin      let the system place the threads\n"
        "  --seed N      of the order of contenders (default: the time)\n"
        "  --commit ID   recorded as given\n"
        "  --list        only name the groups\n",
        program, LEAST_ROUNDS, ROUNDS, LEAST_ROUNDS);
}

static _Noreturn void refuse(const char *program, const char *what,
                             const char *value)
{
    (void)fprintf(stderr, "%s: %s: '%s'\n", program, what, value);
    usage(stderr, program);
    exit(2);
}

static uint64_t number_of(const char *program, const char *text, uint64_t least,
                          uint64_t most)
{
    char *end = NULL;
    const uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < least ||
        value > most) {
        refuse(program, "not a number in range", text);
    }
    return value;
}

static const struct option flags[] = {
    {"json", required_argument, NULL, 'j'},
    {"rounds", required_argument, NULL, 'r'},
    {"quick", no_argument, NULL, 'q'},
    {"no-pin", no_argument, NULL, 'n'},
    {"seed", required_argument, NULL, 's'},
    {"commit", required_argument, NULL, 'c'},
    {"list", no_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void set_flag(options *o, int flag, const char *program)
{
    switch (flag) {
    case 'j':
        o->json = optarg;
        break;
    case 'r':
        o->rounds = number_of(program, optarg, LEAST_ROUNDS, MOST_ROUNDS);
        break;
    case 'q':
        o->quick = true;
        break;
    case 'n':
        o->unpinned = true;
        break;
    case 's':
        o->seed = number_of(program, optarg, 1, UINT32_MAX);
        break;
    case 'c':
        o->commit = optarg;
        break;
    case 'l':
        o->list = true;
        break;
    default:
        usage(flag == 'h' ? stdout : stderr, program);
        exit(flag == 'h' ? 0 : 2);
    }
}

static options parse(int argc, char **argv)
{
    options o = {
        .commit = "unknown",
        .seed = (uint64_t)time(NULL) % UINT32_MAX + 1,
    };
    int flag = 0;
    while ((flag = getopt_long(argc, argv, "h", flags, NULL)) != -1) {
        set_flag(&o, flag, argv[0]);
    }
    o.round_ns = o.quick ? QUICK_ROUND_NS : ROUND_NS;
    if (o.rounds == 0) {
        o.rounds = o.quick ? LEAST_ROUNDS : ROUNDS;
    }
    if (optind < argc) {
        o.filter = argv[optind++];
    }
    if (optind < argc) {
        refuse(argv[0], "one filter is enough", argv[optind]);
    }
    return o;
}

static bool is_chosen(const options *o, const bench_file *file,
                      const bench_group *g)
{
    char whole[256];
    (void)snprintf(whole, sizeof whole, "%s: %s", file->name, g->name);
    return o->filter == NULL || strstr(whole, o->filter) != NULL;
}

/* -------------------------------------------------------------------- main */

static cJSON *new_document(int argc, char **argv, const options *o)
{
    char command[512] = "";
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        const char *slash = i == 0 ? strrchr(word, '/') : NULL;
        const size_t used = strlen(command);
        (void)snprintf(command + used, sizeof command - used, "%s%s",
                       i > 0 ? " " : "", slash != NULL ? slash + 1 : word);
    }
    cJSON *document = cJSON_CreateObject();
    (void)cJSON_AddNumberToObject(document, "schema", 1);
    (void)cJSON_AddStringToObject(document, "command", command);
    (void)cJSON_AddNumberToObject(document, "seed", (double)o->seed);
    (void)cJSON_AddNumberToObject(document, "rounds", (double)o->rounds);
    (void)cJSON_AddItemToObject(document, "machine",
                                bench_machine_facts(o->commit));
    return document;
}

static bool run_chosen(session *s, const bench_file *file, cJSON *document)
{
    bool sound = true;
    cJSON *benches = cJSON_AddArrayToObject(document, "benches");
    cJSON *bench = cJSON_CreateObject();
    (void)cJSON_AddItemToArray(benches, bench);
    (void)cJSON_AddStringToObject(bench, "bench", file->name);
    (void)cJSON_AddItemToObject(bench, "before", bench_machine_conditions());
    cJSON *groups = cJSON_AddArrayToObject(bench, "groups");
    for (size_t i = 0; i < file->count; i++) {
        if (is_chosen(&s->options, file, &file->groups[i])) {
            if (cJSON_GetArraySize(groups) == 0) {
                (void)printf("\n%s\n", file->name);
                bench_report_machine(stdout, document);
            }
            sound = run_group(s, &file->groups[i], groups) && sound;
        }
    }
    (void)cJSON_AddItemToObject(bench, "after", bench_machine_conditions());
    return sound;
}

static unsigned most_threads(const bench_file *file)
{
    unsigned most = 1;
    for (size_t i = 0; i < file->count; i++) {
        const unsigned threads = file->groups[i].threads;
        most = threads > most ? threads : most;
    }
    return most;
}

static int list_groups(const options *o, const bench_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        if (is_chosen(o, file, &file->groups[i])) {
            (void)printf("%s: %s\n", file->name, file->groups[i].name);
        }
    }
    return 0;
}

int bench_main(int argc, char **argv, const bench_file *file)
{
    session s = {.options = parse(argc, argv)};
    if (s.options.list) {
        return list_groups(&s.options, file);
    }
    s.random = s.options.seed;
    s.gang = bench_gang_create(most_threads(file));
    cJSON *document = new_document(argc, argv, &s.options);
    bool sound = run_chosen(&s, file, document);
    bench_gang_free(s.gang);
    if (s.options.json != NULL) {
        sound = bench_report_save(document, s.options.json) && sound;
    }
    cJSON_Delete(document);
    return sound ? 0 : 1;
}
