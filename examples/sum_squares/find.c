#include "find.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make *best the largest readable file under `root`, if that is larger. */
static void look_under(char *root, found *best)
{
    char *const roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
    if (tree == NULL) {
        return;
    }
    for (FTSENT *entry = fts_read(tree); entry != NULL;
         entry = fts_read(tree)) {
        if (entry->fts_info != FTS_F) {
            continue;
        }
        size_t size = (size_t)entry->fts_statp->st_size;
        if (size > best->size && access(entry->fts_path, R_OK) == 0) {
            char *copy = strdup(entry->fts_path);
            free(copy == NULL ? NULL : best->path);
            *best = copy == NULL ? *best : (found){copy, size};
        }
    }
    fts_close(tree);
}

found find_large_file(size_t enough)
{
    char roots[][sizeof "/usr/lib"] = {"/usr/lib", "/usr/bin", "/usr"};
    found best = {NULL, 0};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (best.size < enough) {
            look_under(roots[i], &best);
        }
    }
    return best;
}
