#include "options.h"

#include <argp.h>
#include <string.h>
#include <weft/weft.h>

#include "number.h"

/* Visible, because argp looks for it from within the C library. */
__attribute__((visibility("default"))) const char *argp_program_version =
    "sum_squares, an example of weft " WEFT_VERSION_STRING;

static const char purpose[] =
    "Sum the squares of many values in six ways, and compare them."
    "\vWithout --input the values are generated. Numbers in files are in the "
    "machine's own byte order; text is decimal integers of 32 bits between "
    "white space.\n\n"
    "The exit status is 0 if all sums agree, 1 if they do not or if memory or "
    "threads ran out, 2 if the command line or the input is wrong.";

enum { KEY_DEMO = 256, KEY_SEED };

static const struct argp_option choices[] = {
    {"input", 'i', "FILE", 0, "Sum the values in FILE; - is standard input", 0},
    {"type", 't', "TYPE", 0, "i8, i16, i32 (default), f32, f64, or text", 0},
    {"count", 'n', "N", 0, "Generate N values (default 100000000)", 0},
    {"seed", KEY_SEED, "N", 0, "Generate others (default 1)", 0},
    {"threads", 'j', "N", 0, "Use N threads (default: all cores allowed)", 0},
    {"rounds", 'r', "N", 0, "Time each method N times (default 5)", 0},
    {"demo", KEY_DEMO, NULL, 0,
     "Generated values first, then the bytes of a large file of this machine",
     0},
    {0},
};

/* What argp's callback fills in. */
typedef struct parse {
    run_options result;
    bool count_given;
    bool type_given;
} parse;

static uint64_t parse_number(struct argp_state *state, const char *option,
                             const char *text, uint64_t least, uint64_t most)
{
    uint64_t number = 0;
    size_t digits;
    switch (number_read(text, least, most, &number, &digits)) {
    case NUMBER_FITS:
        break;
    case NUMBER_IS_NONE:
        argp_failure(state, EXIT_USAGE, 0,
                     "--%s: '%s' is not a whole number (character %zu)", option,
                     text, digits + 1);
        break;
    case NUMBER_IS_OUTSIDE:
        argp_failure(state, EXIT_USAGE, 0,
                     "--%s: %s is not between %ju and %ju", option, text,
                     (uintmax_t)least, (uintmax_t)most);
        break;
    }
    return number;
}

static value_type parse_type(struct argp_state *state, const char *name)
{
    for (value_type type = TYPE_I8; type <= TYPE_TEXT; type++) {
        if (strcmp(name, value_types[type].name) == 0) {
            return type;
        }
    }
    argp_failure(state, EXIT_USAGE, 0,
                 "--type: '%s' is none of i8, i16, i32, f32, f64, text", name);
    return TYPE_I32; /* not reached */
}

/* What each option says alone is right; is it right together? */
static void check_together(struct argp_state *state, const parse *p)
{
    const run_options *o = &p->result;
    const char *wrong = NULL;
    if (o->demo) {
        wrong = p->type_given ? "--demo chooses its own types" : NULL;
    } else if (o->input != NULL && p->count_given) {
        wrong = "--input and --count exclude each other";
    } else if (o->input == NULL && o->type == TYPE_TEXT) {
        wrong = "--type text needs --input";
    }
    if (wrong != NULL) {
        argp_failure(state, EXIT_USAGE, 0, "%s", wrong);
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    parse *p = state->input;
    run_options *o = &p->result;
    switch (key) {
    case 'i':
        o->input = text;
        break;
    case 't':
        o->type = parse_type(state, text);
        p->type_given = true;
        break;
    case 'n':
        o->count = parse_number(state, "count", text, 1, SIZE_MAX / 16);
        p->count_given = true;
        break;
    case KEY_SEED:
        o->seed = parse_number(state, "seed", text, 0, UINT64_MAX);
        break;
    case 'j':
        o->threads = (unsigned)parse_number(state, "threads", text, 1, 1024);
        break;
    case 'r':
        o->rounds = (unsigned)parse_number(state, "rounds", text, 1, 1000);
        break;
    case KEY_DEMO:
        o->demo = true;
        break;
    case ARGP_KEY_ARG:
        argp_failure(state, EXIT_USAGE, 0,
                     "'%s' is no option; a file is given by --input", text);
        break;
    case ARGP_KEY_END:
        check_together(state, p);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

run_options options_parse(int argc, char **argv)
{
    static const struct argp command = {
        .options = choices, .parser = parse_option, .doc = purpose};
    parse p = {.result = {.type = TYPE_I32,
                          .count = 100 * 1000 * 1000,
                          .seed = 1,
                          .rounds = 5}};
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&command, argc, argv, 0, NULL, &p);
    return p.result;
}
