#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <weft/weft.h>

#ifdef __clang__
#define COMPILER "clang", __clang_major__, __clang_minor__, __clang_patchlevel__
#else
#define COMPILER "gcc", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__
#endif

/* The processor's name as the kernel knows it, or else `otherwise`. */
static void processor_name(char *name, size_t size, const char *otherwise)
{
    char line[256];
    snprintf(name, size, "%s", otherwise);
    FILE *f = fopen("/proc/cpuinfo", "re");
    if (f == NULL) {
        return;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon != NULL && strncmp(line, "model name", 10) == 0) {
            snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"),
                     colon + 2);
            break;
        }
    }
    fclose(f);
}

void machine_print(void)
{
    struct utsname system;
    if (uname(&system) != 0) {
        return;
    }
    char processor[128];
    processor_name(processor, sizeof processor, system.machine);
    printf("%s, %u cores allowed, %s %s, %s %d.%d.%d\n", processor,
           weft_cpu_parallelism(), system.sysname, system.release, COMPILER);
}
