#include "support/alloc_fail.h"

#include "support/fault_site.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/base/alloc.h>

/* A mutex of the system's, not weft's: this is beneath what is tested. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t live, live_bytes, calls, countdown;
static bool failed;

/* Every block carries its own terms in front, so that a free with others is
 * noticed where it happens. */
typedef struct header {
    size_t size;
    size_t align;
} header;

static size_t room(size_t align)
{
    return align > sizeof(header) ? align : sizeof(header);
}

static bool may_allocate(size_t size)
{
    pthread_mutex_lock(&mutex);
    calls++;
    const bool fail = countdown == 1;
    if (countdown > 0) {
        countdown--;
    }
    failed = failed || fail;
    if (!fail) {
        live++;
        live_bytes += size;
    }
    pthread_mutex_unlock(&mutex);
    return !fail;
}

static void *counting_alloc(size_t size, size_t align, void *user)
{
    (void)user;
    if (!may_allocate(size)) {
        test_fault_site();
        return NULL;
    }
    const size_t front = room(align);
    /* aligned_alloc wants a multiple of the alignment. */
    const size_t bytes = (size + front + align - 1) / align * align;
    unsigned char *base = aligned_alloc(align, bytes);
    if (!base) {
        fputs("test allocator: the machine itself is out of memory\n", stderr);
        abort();
    }
    header *h = (header *)(void *)(base + front - sizeof(header));
    *h = (header){size, align};
    return base + front;
}

static void counting_free(void *memory, size_t size, size_t align, void *user)
{
    (void)user;
    unsigned char *at = memory;
    const header *h = (const header *)(void *)(at - sizeof(header));
    if (h->size != size || h->align != align) {
        fprintf(stderr,
                "test allocator: allocated as %zu bytes aligned to %zu, freed "
                "as %zu aligned to %zu\n",
                h->size, h->align, size, align);
        abort();
    }
    pthread_mutex_lock(&mutex);
    live--;
    live_bytes -= size;
    pthread_mutex_unlock(&mutex);
    free(at - room(align));
}

void test_alloc_install(void)
{
    const weft_allocator a = {counting_alloc, counting_free, NULL};
    weft_set_allocator(&a);
}

void test_alloc_fail_at(size_t k)
{
    pthread_mutex_lock(&mutex);
    countdown = k;
    failed = failed && k == 0;
    pthread_mutex_unlock(&mutex);
}

static size_t read_counter(const size_t *counter)
{
    pthread_mutex_lock(&mutex);
    const size_t n = *counter;
    pthread_mutex_unlock(&mutex);
    return n;
}

bool test_alloc_has_failed(void)
{
    pthread_mutex_lock(&mutex);
    const bool f = failed;
    pthread_mutex_unlock(&mutex);
    return f;
}

size_t test_alloc_live(void)
{
    return read_counter(&live);
}

size_t test_alloc_live_bytes(void)
{
    return read_counter(&live_bytes);
}

size_t test_alloc_calls(void)
{
    return read_counter(&calls);
}
