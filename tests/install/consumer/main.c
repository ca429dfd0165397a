/* A program that uses a little of every kind: a plain call, an inline one, and
 * a panic that unwinds through a frame of its own. */
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

static int cleaned;

static void clean(int *unused)
{
    (void)unused;
    cleaned++;
}

static void be_quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void fail(void *arg)
{
    int frame WEFT_CLEANUP(clean) = 0;
    (void)frame;
    weft_panic("no %s", (const char *)arg);
}

int main(void)
{
    char what[] = "luck";
    weft_panic_info info;
    (void)weft_panic_set_hook(be_quiet);
    if (strcmp(weft_version(), WEFT_VERSION_STRING) != 0 ||
        weft_deadline_passed(WEFT_FOREVER) ||
        weft_catch_unwind(fail, what, &info) != WEFT_PANICKED ||
        strcmp(info.message, "no luck") != 0 || cleaned != 1) {
        puts("weft does not do what it should");
        return 1;
    }
    return 0;
}
