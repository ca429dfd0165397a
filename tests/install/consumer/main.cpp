// As main.c, in C++: the panic runs a destructor.
#include <cstdio>
#include <cstring>

#include <weft/weft.h>

static int cleaned;

struct Frame {
    ~Frame()
    {
        cleaned++;
    }
};

static void be_quiet(const weft_panic_info *, const char *)
{
}

static void fail(void *arg)
{
    Frame frame;
    weft_panic("no %s", static_cast<const char *>(arg));
}

int main()
{
    char what[] = "luck";
    weft_panic_info info;
    (void)weft_panic_set_hook(be_quiet);
    if (std::strcmp(weft_version(), WEFT_VERSION_STRING) != 0 ||
        weft_deadline_passed(WEFT_FOREVER) ||
        weft_catch_unwind(fail, what, &info) != WEFT_PANICKED ||
        std::strcmp(info.message, "no luck") != 0 || cleaned != 1) {
        std::puts("weft does not do what it should");
        return 1;
    }
    return 0;
}
