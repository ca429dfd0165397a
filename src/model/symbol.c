#include "model/symbol.h"

#include "model/real.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WANTED = 1024, TEXT = 96, BATCH = 64 };

static struct {
    const void *pc;
    char text[TEXT];
} wanted[WANTED];
static uint32_t wanted_count;
static uint32_t resolved;

/* ------------------------------------------------------------- this program */

static int note_base(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1; /* the program itself comes first */
}

static uintptr_t base_of_program(void)
{
    uintptr_t base = 0;
    (void)dl_iterate_phdr(note_base, &base);
    return base;
}

static bool path_of_program(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length > 0) {
        path[length] = '\0';
    }
    return length > 0;
}

/* -------------------------------------------------------------------- code */

static int find(const void *pc)
{
    for (uint32_t i = 0; i < wanted_count; i++) {
        if (wanted[i].pc == pc) {
            return (int)i;
        }
    }
    return -1;
}

void wefti_symbol_want(const void *pc)
{
    if (pc != NULL && find(pc) < 0 && wanted_count < WANTED) {
        wanted[wanted_count].pc = pc;
        (void)snprintf(wanted[wanted_count++].text, TEXT, "%p", pc);
    }
}

/* "/a/b/mutex.h:88 (discriminator 2)" to "mutex.h:88" */
static void shorten(char *place)
{
    place[strcspn(place, " \n")] = '\0';
    const char *slash = strrchr(place, '/');
    if (slash != NULL) {
        (void)__real_memmove(place, slash + 1, strlen(slash + 1) + 1);
    }
}

static void read_answers(FILE *from, uint32_t first, uint32_t last)
{
    char function[256];
    char place[1024];
    for (uint32_t i = first; i < last; i++) {
        if (fgets(function, sizeof function, from) == NULL ||
            fgets(place, sizeof place, from) == NULL) {
            return;
        }
        function[strcspn(function, "\n")] = '\0';
        shorten(place);
        if (place[0] != '?') {
            (void)snprintf(wanted[i].text, TEXT, "%.40s %.50s", place,
                           function);
        }
    }
}

static void resolve(const char *program, uint32_t first, uint32_t last)
{
    char command[8192];
    int used = snprintf(command, sizeof command,
                        "addr2line -f -e '%s' 2>/dev/null", program);
    uintptr_t base = base_of_program();
    for (uint32_t i = first; i < last && used > 0; i++) {
        /* The call, not the instruction after it. */
        uintptr_t at = (uintptr_t)wanted[i].pc - 1 - base;
        used += snprintf(command + used, sizeof command - (size_t)used, " %#zx",
                         (size_t)at);
    }
    /* NOLINTNEXTLINE(cert-env33-c): a fixed command, on this program's file */
    FILE *answers = popen(command, "r");
    if (answers != NULL) {
        read_answers(answers, first, last);
        (void)pclose(answers);
    }
}

void wefti_symbol_resolve(void)
{
    char program[4096];
    if (!path_of_program(program, sizeof program) ||
        strchr(program, '\'') != NULL) {
        return;
    }
    while (resolved < wanted_count) {
        uint32_t last = resolved + BATCH;
        last = last < wanted_count ? last : wanted_count;
        resolve(program, resolved, last);
        resolved = last;
    }
}

void wefti_symbol_of_code(const void *pc, char *text, size_t size)
{
    int i = find(pc);
    if (i >= 0) {
        (void)snprintf(text, size, "%s", wanted[i].text);
    } else {
        (void)snprintf(text, size, "%s", pc != NULL ? "?" : "");
    }
}

/* -------------------------------------------------------------------- data */

typedef struct image {
    const char *bytes;
    size_t size;
} image;

static image image_of_program(void)
{
    static image program;
    static bool tried;
    char path[4096];
    if (tried || !path_of_program(path, sizeof path)) {
        return program;
    }
    tried = true;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (file >= 0 && fstat(file, &about) == 0) {
        void *bytes =
            mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            program = (image){bytes, (size_t)about.st_size};
        }
    }
    if (file >= 0) {
        (void)close(file);
    }
    return program;
}

static bool name_in_table(const image *program, const Elf64_Shdr *table,
                          uintptr_t offset, char *text, size_t size)
{
    const Elf64_Ehdr *header = (const void *)program->bytes;
    const Elf64_Shdr *sections =
        (const void *)(program->bytes + header->e_shoff);
    const char *strings = program->bytes + sections[table->sh_link].sh_offset;
    const Elf64_Sym *symbols =
        (const void *)(program->bytes + table->sh_offset);
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        const Elf64_Sym *s = &symbols[i];
        uintptr_t within = offset - s->st_value;
        if (ELF64_ST_TYPE(s->st_info) == STT_OBJECT && within < s->st_size) {
            const char *name = strings + s->st_name;
            const char *format = within != 0 ? "%.40s+%zu" : "%.40s";
            (void)snprintf(text, size, format, name, (size_t)within);
            return true;
        }
    }
    return false;
}

bool wefti_symbol_of_data(uintptr_t address, char *text, size_t size)
{
    image program = image_of_program();
    if (program.bytes == NULL) {
        return false;
    }
    const Elf64_Ehdr *header = (const void *)program.bytes;
    const Elf64_Shdr *sections =
        (const void *)(program.bytes + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_SYMTAB) {
            return name_in_table(&program, &sections[i],
                                 address - base_of_program(), text, size);
        }
    }
    return false;
}
