/* A file worth summing. */
#ifndef SUM_SQUARES_FIND_H
#define SUM_SQUARES_FIND_H

#include <stddef.h>

typedef struct found {
    char *path; /* from malloc; NULL: no file at all */
    size_t size;
} found;

/* The largest regular file under /usr that this process may read. Looks no
 * further than /usr/lib if that holds one of `enough` bytes. */
found find_large_file(size_t enough);

#endif
