#include "table.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "number.h"

/* What the reader's screen can show. */
typedef struct screen {
    int width;
    bool blocks;
    bool colour;
} screen;

enum { PLAIN_WIDTH = 80, COLUMNS_WIDTH = 43, BAR_LEAST = 8, BAR_MOST = 60 };

static screen screen_of_stdout(void)
{
    screen s = {.width = PLAIN_WIDTH};
    if (!isatty(STDOUT_FILENO)) {
        return s;
    }
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    uint64_t wished;
    size_t digits;
    if (columns != NULL &&
        number_read(columns, 1, INT16_MAX, &wished, &digits) == NUMBER_FITS) {
        s.width = (int)wished;
    } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
               size.ws_col > 0) {
        s.width = size.ws_col;
    }
    const char *term = getenv("TERM");
    s.blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    s.colour =
        getenv("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0;
    return s;
}

static void print_coloured(const screen *s, const char *colour,
                           const char *text)
{
    printf(s->colour ? "\033[%sm%s\033[0m" : "%.0s%s", colour, text);
}

/* A bar that fills `share` of `room` places, to an eighth of a place. */
static void print_bar(const screen *s, double share, int room)
{
    static const char *const eighths[] = {"",  "▏", "▎", "▍",
                                          "▌", "▋", "▊", "▉"};
    char bar[BAR_MOST * 3 + 4] = "";
    int filled = (int)(share * room * 8 + 0.5);
    for (int i = 0; i < filled / 8; i++) {
        strcat(bar, s->blocks ? "█" : "#");
    }
    if (s->blocks) {
        strcat(bar, eighths[filled % 8]);
    }
    print_coloured(s, "36", bar);
}

static double fastest(const row *rows, size_t count)
{
    double best = rows[0].seconds;
    for (size_t i = 1; i < count; i++) {
        best = rows[i].seconds < best ? rows[i].seconds : best;
    }
    return best;
}

void table_print(const row *rows, size_t count, size_t bytes)
{
    screen s = screen_of_stdout();
    double best = fastest(rows, count);
    int room = s.width - COLUMNS_WIDTH;
    room = room > BAR_MOST ? BAR_MOST : room;
    printf("  %-12s %9s %7s %8s\n", "method", "ms", "GB/s", "speed-up");
    for (size_t i = 0; i < count; i++) {
        const row *r = &rows[i];
        printf("  %-12s %9.3f %7.2f %8.2f  ", r->name, r->seconds * 1e3,
               (double)bytes / 1e9 / r->seconds, rows[0].seconds / r->seconds);
        if (!r->agrees) {
            print_coloured(&s, "1;31", "WRONG SUM");
        } else if (room >= BAR_LEAST) {
            print_bar(&s, best / r->seconds, room);
        }
        putchar('\n');
    }
}
