/* The reader of numbers from text (examples/sum_squares/text.c), against one
 * that cuts the text into words and asks strtoll. What it refuses must be the
 * first bad word, with its place; what it accepts must read the same when the
 * text is cut in two at a blank. */
#include "fuzz.h"

#include "input.h"

#include <errno.h>
#include <error.h>
#include <setjmp.h>
#include <stdarg.h>

/* ------------------------------------- what the parser has instead of libc */

static jmp_buf refused;
static char complaint[256];
static void *allocated;

/* Instead of the C library's, which ends the process. */
void error(int status, int number, const char *format, ...)
{
    va_list arguments;
    fuzz_require(status == 2 && number == 0);
    va_start(arguments, format);
    (void)vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    longjmp(refused, 1);
}

void *input_alloc(size_t count, size_t size)
{
    allocated = reallocarray(NULL, count, size);
    fuzz_require(allocated != NULL);
    return allocated;
}

/* The numbers of the text, to be freed; NULL: refused, see complaint. */
static int32_t *parse(const char *text, size_t length, size_t *count)
{
    complaint[0] = '\0';
    allocated = NULL;
    if (setjmp(refused) == 0) {
        return text_parse("fuzz", text, length, count);
    }
    if (strstr(complaint, "holds no number") == NULL) {
        free(allocated); /* else it was freed already */
    }
    return NULL;
}

/* ------------------------------------------------------------ the reference */

static bool is_blank(char c)
{
    return c != '\0' && strchr(" \t\n\v\f\r", c) != NULL;
}

/* A word and how far it is right. */
static bool read_word(const char *word, size_t length, long long *value)
{
    char copy[64];
    char *end;
    size_t sign = word[0] == '-' || word[0] == '+';
    for (size_t i = sign; i < length; i++) {
        if (word[i] < '0' || word[i] > '9') {
            return false;
        }
    }
    if (length == sign) {
        return false;
    }
    while (length - sign > 1 && word[sign] == '0') { /* many zeros fit */
        sign++;
    }
    if (length - sign > 20) {
        *value = INT64_MAX;
        return true;
    }
    copy[0] = word[0] == '-' ? '-' : '+';
    memcpy(copy + 1, word + sign, length - sign);
    copy[1 + length - sign] = '\0';
    *value = strtoll(copy, &end, 10);
    fuzz_require(*end == '\0');
    return true;
}

typedef struct expected {
    size_t count;
    size_t bad; /* where the first bad word is; length: none */
    const char *complaint;
} expected;

/* Compare the words up to the first bad one with `numbers`, if there are. */
static expected check(const char *text, size_t length, const int32_t *numbers)
{
    expected e = {.bad = length};
    size_t at = 0;
    while (at < length) {
        if (is_blank(text[at])) {
            at++;
            continue;
        }
        size_t end = at;
        while (end < length && !is_blank(text[end])) {
            end++;
        }
        long long value = 0;
        bool good = read_word(text + at, end - at, &value);
        if (!good || value < INT32_MIN || value > INT32_MAX) {
            e.bad = at;
            e.complaint =
                good ? "does not fit 32 bits" : "is not a decimal integer";
            return e;
        }
        fuzz_require(numbers == NULL || numbers[e.count] == value);
        e.count++;
        at = end;
    }
    return e;
}

static void check_complaint(const char *text, const expected *e)
{
    char place[128];
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < e->bad; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    (void)snprintf(place, sizeof place, "fuzz: line %zu, column %zu (byte %zu)",
                   line, column, e->bad);
    fuzz_require(strncmp(complaint, place, strlen(place)) == 0);
    fuzz_require(strstr(complaint, e->complaint) != NULL);
}

/* ------------------------------------------------------------------- target */

static void check_halves(const char *text, size_t length, const int32_t *whole,
                         size_t count)
{
    size_t cut = length / 2;
    while (cut < length && !is_blank(text[cut])) {
        cut++;
    }
    size_t got[2] = {0, 0};
    int32_t *half[2];
    half[0] = parse(text, cut, &got[0]);
    half[1] = parse(text + cut, length - cut, &got[1]);
    got[0] = half[0] != NULL ? got[0] : 0; /* a half may hold no number */
    got[1] = half[1] != NULL ? got[1] : 0;
    fuzz_require(got[0] + got[1] == count);
    for (size_t i = 0; i < count; i++) {
        size_t second = i >= got[0];
        fuzz_require(half[second][i - second * got[0]] == whole[i]);
    }
    free(half[0]);
    free(half[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t count = 0;
    int32_t *numbers = parse(text, size, &count);
    expected e = check(text, size, numbers);
    if (e.bad < size) {
        fuzz_require(numbers == NULL);
        check_complaint(text, &e);
    } else if (e.count == 0) {
        fuzz_require(numbers == NULL);
        fuzz_require(strcmp(complaint, "fuzz: holds no number") == 0);
    } else {
        fuzz_require(numbers != NULL && count == e.count);
        check_halves(text, size, numbers, count);
    }
    free(numbers);
    return 0;
}
