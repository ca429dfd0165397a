/* Decimal integers between white space, and where they go wrong. */
#include <error.h>
#include <stdio.h>
#include <stdlib.h>

#include "input.h"
#include "options.h"

/* A text being read: [at, end) is left. */
typedef struct reader {
    const char *path;
    const char *start;
    const char *at;
    const char *end;
    int32_t *numbers; /* read so far; here so that no leak is seen in them when
                         bad input ends the program */
} reader;

/* isspace of the C locale, whatever the program's locale is. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* End the program over the word at `r->at`, telling its place. Lines are
 * counted only now, when nobody is in a hurry any more. */
static void reject(const reader *r, const char *complaint)
{
    size_t line = 1;
    const char *line_start = r->start;
    for (const char *c = r->start; c < r->at; c++) {
        if (*c == '\n') {
            line++;
            line_start = c + 1;
        }
    }
    char word[24];
    size_t length = 0;
    for (const char *c = r->at; c < r->end && !is_space(*c); c++) {
        if (length == sizeof word - 4) {
            length += (size_t)sprintf(word + length, "...");
            break;
        }
        word[length++] = *c > ' ' && *c < 127 ? *c : '?';
    }
    error(EXIT_USAGE, 0, "%s: line %zu, column %td (byte %td): '%.*s' %s",
          r->path, line, r->at - line_start + 1, r->at - r->start, (int)length,
          word, complaint);
}

/* The integer at r->at, which is no space; moves on to what follows it. */
static int32_t next_integer(reader *r)
{
    const char *c = r->at;
    bool negative = *c == '-';
    c += *c == '-' || *c == '+';
    if (c == r->end || !is_digit(*c)) {
        reject(r, "is not a decimal integer");
    }
    int64_t value = 0;
    for (; c < r->end && is_digit(*c); c++) {
        /* Out of range, be it for a negative one, stays out of range, however
         * many digits follow. */
        value = value > -(int64_t)INT32_MIN ? value : value * 10 + (*c - '0');
    }
    if (c < r->end && !is_space(*c)) {
        reject(r, "is not a decimal integer");
    }
    value = negative ? -value : value;
    if (value < INT32_MIN || value > INT32_MAX) {
        reject(r, "does not fit 32 bits");
    }
    r->at = c;
    return (int32_t)value;
}

static void skip_space(reader *r)
{
    while (r->at < r->end && is_space(*r->at)) {
        r->at++;
    }
}

int32_t *text_parse(const char *path, const char *text, size_t length,
                    size_t *count)
{
    reader r = {path, text, text, text + length, NULL};
    /* A number takes a digit and a space, so there are no more than this. */
    r.numbers = input_alloc(length / 2 + 1, sizeof *r.numbers);
    size_t n = 0;
    for (skip_space(&r); r.at < r.end; skip_space(&r)) {
        r.numbers[n++] = next_integer(&r);
    }
    if (n == 0) {
        free(r.numbers);
        error(EXIT_USAGE, 0, "%s: holds no number", path);
    }
    *count = n;
    return r.numbers;
}
