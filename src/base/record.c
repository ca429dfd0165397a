/* The thread's record: what it holds, and what to do when it ends.
 *
 * A thread can end in four ways, and each must leave its locks released and
 * poisoned:
 *   panic            unwind.c dooms and abandons what the catch point covers
 *   return           the destructor of a pthread key abandons what is left
 *   pthread_exit,    glibc unwinds the stack, running cleanups that cannot
 *   cancellation     tell why; on_exit_begins dooms all locks before the first
 *                    of them runs, and the key's destructor takes the rest. */
#include "base/record.h"

#include "base/alloc.h"
#include "base/catch.h"

#include <weft/base/atomic.h>
#include <weft/base/panic.h>

#include <pthread.h>
#include <string.h>

static wefti_held sentinel[1];

__thread wefti_self wefti_this_thread = {
    .top = &sentinel[1],
    .end = &sentinel[1],
};

typedef struct exit_call {
    struct exit_call *next;
    void (*fn)(void *arg);
    void *arg;
} exit_call;

/* glibc (and musl) run handlers of this kind, kept in a list of the thread,
 * before they unwind the frames above the handler's address. A handler on the
 * heap is above none and below all, so that it runs before any cleanup. The
 * layout is part of the C library's binary interface; the size has reserve. */
typedef struct cleanup_handler {
    void *words[8];
} cleanup_handler;

#ifdef __GLIBC__
enum { NEXT_OLDER = 3 }; /* the word that links the list */
#else
enum { NEXT_OLDER = 2 }; /* musl has no word for the kind of cancellation */
#endif

extern void _pthread_cleanup_push(void *handler, void (*fn)(void *), void *arg)
    __attribute__((weak));
extern void _pthread_cleanup_pop(void *handler, int execute)
    __attribute__((weak));

struct wefti_thread_record {
    exit_call *calls; /* newest first */
    cleanup_handler on_exit;
};

static weft_atomic_u32 key_word;    /* the key plus 1; 0: there is none yet */
static weft_atomic_u32 key_deleted; /* 1 once the code is to be unloaded */

static void on_exit_begins(void *unused)
{
    (void)unused;
    wefti_get_self()->exiting++;
    wefti_held_doom_from(0);
}

/* Put the handler at the old end of the list. A younger place could belong to a
 * call of the C library that is under way, such as pthread_once, which takes
 * off what came after it when it ends. */
static void watch_for_exit(cleanup_handler *handler)
{
    if (_pthread_cleanup_push == NULL || _pthread_cleanup_pop == NULL) {
        return;
    }
    _pthread_cleanup_push(handler, on_exit_begins, NULL);
    cleanup_handler *oldest = handler->words[NEXT_OLDER];
    if (oldest == NULL) {
        return;
    }
    _pthread_cleanup_pop(handler, 0);
    while (oldest->words[NEXT_OLDER] != NULL) {
        oldest = oldest->words[NEXT_OLDER];
    }
    oldest->words[NEXT_OLDER] = handler;
    handler->words[NEXT_OLDER] = NULL;
}

/* Take it off again: the memory or the code of the handler goes, but an exit
 * may still come, such as a cancellation in a destructor of another key. */
static void watch_no_more(cleanup_handler *handler)
{
    if (_pthread_cleanup_push == NULL || _pthread_cleanup_pop == NULL) {
        return;
    }
    cleanup_handler head;
    _pthread_cleanup_push(&head, on_exit_begins, NULL);
    cleanup_handler *link = &head;
    while (link->words[NEXT_OLDER] != NULL &&
           link->words[NEXT_OLDER] != handler) {
        link = link->words[NEXT_OLDER];
    }
    if (link->words[NEXT_OLDER] != NULL) {
        link->words[NEXT_OLDER] = handler->words[NEXT_OLDER];
    }
    _pthread_cleanup_pop(&head, 0);
}

static void forget_held(wefti_self *self)
{
    wefti_held *first = self->end == &sentinel[1] ? NULL : self->held_memory;
    if (first != NULL && first != self->held) {
        size_t size = (size_t)((char *)self->end - (char *)first);
        wefti_free(first, size, WEFT_ALIGNOF(wefti_held));
    }
    self->held_memory = NULL;
    self->top = self->end = &sentinel[1];
}

static void abandon_all(void)
{
    wefti_held_doom_from(0);
    wefti_held_abandon_from(0);
}

/* The thread ends. Runs again if another key's destructor locks or registers
 * something, since that sets the key anew. */
static void on_thread_end(void *memory)
{
    struct wefti_thread_record *record = memory;
    wefti_self *self = wefti_get_self();
    abandon_all();
    while (record->calls != NULL) {
        exit_call *call = record->calls;
        record->calls = call->next;
        call->fn(call->arg);
        WEFTI_DELETE(call);
        abandon_all(); /* what the call itself has left locked */
    }
    forget_held(self);
    watch_no_more(&record->on_exit);
    self->record = NULL;
    WEFTI_DELETE(record);
}

/* The key plus 1; 0: the system has none left at present. Of two threads that
 * make one, the slower gives its own back. */
static uint32_t key_of_records(void)
{
    /* acquire [record.key]: the system's side of the key is set up. */
    uint32_t made = wefti_load_acquire(&key_word);
    pthread_key_t fresh;
    if (made == 0 && pthread_key_create(&fresh, on_thread_end) == 0) {
        /* release [record.key]: hands over the key; acquire: or another's. */
        if (wefti_cas_release_or_acquire(&key_word, &made, fresh + 1)) {
            return fresh + 1;
        }
        (void)pthread_key_delete(fresh);
    }
    return made;
}

/* dlclose, or exit, which is no different for whoever is called: threads that
 * live on must not find the way back here when they end. Runs after the
 * destructor that stops the default pool, whose workers have records. */
__attribute__((destructor(101))) static void forget_threads(void)
{
    /* acquire [record.key]: as ever. */
    uint32_t made = wefti_load_acquire(&key_word);
    if (made == 0) {
        return;
    }
    /* relaxed: only exit lets others run on, and they may look too early. */
    wefti_store_relaxed(&key_deleted, 1);
    (void)pthread_key_delete(made - 1);
    if (wefti_get_self()->record != NULL) {
        watch_no_more(&wefti_get_self()->record->on_exit);
    }
}

bool wefti_record_attach(void)
{
    wefti_self *self = wefti_get_self();
    if (self->record != NULL) {
        return true;
    }
    uint32_t made = key_of_records();
    struct wefti_thread_record *record =
        made != 0 ? WEFTI_NEW(struct wefti_thread_record) : NULL;
    if (record == NULL) {
        return false;
    }
    /* relaxed: as above. The process ends, nobody will need the record. */
    if (pthread_setspecific(made - 1, record) != 0 &&
        wefti_load_relaxed(&key_deleted) == 0) {
        WEFTI_DELETE(record);
        return false;
    }
    watch_for_exit(&record->on_exit);
    self->record = record;
    return true;
}

bool wefti_record_at_exit(void (*fn)(void *arg), void *arg)
{
    exit_call *call = wefti_record_attach() ? WEFTI_NEW(exit_call) : NULL;
    if (call == NULL) {
        return false;
    }
    struct wefti_thread_record *record = wefti_get_self()->record;
    *call = (exit_call){record->calls, fn, arg};
    record->calls = call;
    return true;
}

bool wefti_held_grow(void)
{
    wefti_self *self = wefti_get_self();
    if (!wefti_record_attach()) {
        return false;
    }
    if (self->held_memory == NULL) { /* the first lock of this thread */
        self->held_memory = self->held;
        self->held[0] = (wefti_held){0};
        self->top = &self->held[1];
        self->end = &self->held[WEFTI_HELD_INLINE];
        return true;
    }
    wefti_held *old = self->held_memory;
    size_t used = (size_t)(self->top - old);
    size_t size = used * sizeof(wefti_held);
    wefti_held *grown = wefti_alloc(2 * size, WEFT_ALIGNOF(wefti_held));
    if (grown == NULL) {
        return false;
    }
    memcpy(grown, old, size);
    if (old != self->held) {
        wefti_free(old, size, WEFT_ALIGNOF(wefti_held));
    }
    self->held_memory = grown;
    self->top = grown + used;
    self->end = grown + 2 * used;
    return true;
}

static uintptr_t address_of(const wefti_held *entry)
{
    return entry->lock & ~(uintptr_t)WEFTI_HELD_MARKS;
}

/* The newest entry for the lock, or NULL. */
static wefti_held *find(const void *lock)
{
    wefti_self *self = wefti_get_self();
    wefti_held *entry = self->top - 1;
    while (entry->lock != 0 && address_of(entry) != (uintptr_t)lock) {
        entry--;
    }
    return entry->lock != 0 ? entry : NULL;
}

void wefti_held_watch(size_t count)
{
    if (count != 0) {
        wefti_get_self()->held_memory[count].lock |= WEFTI_HELD_WATCHED;
    }
}

/* A catch point says by a count which locks are not its own; one of those may
 * be unlocked behind it. */
static void strike(wefti_held *entry)
{
    wefti_self *self = wefti_get_self();
    size_t number = (size_t)(entry - self->held_memory);
    size_t after = (size_t)(self->top - entry - 1);
    memmove(entry, entry + 1, after * sizeof *entry);
    self->top--;
    wefti_catch *point = self->catch_point;
    for (; point != NULL && number <= point->held; point = point->outer) {
        point->held--;
        wefti_held_watch(point->held);
    }
}

/* Whether this code runs because a panic or an exit is leaving the stack. */
static bool falling(void)
{
    const wefti_self *self = wefti_get_self();
    const wefti_catch *point = self->catch_point;
    return self->exiting != 0 ||
           self->panicking > (point != NULL ? point->panicking : 0);
}

uintptr_t wefti_held_remove(const void *lock, const char *call)
{
    wefti_held *entry = find(lock);
    if (entry == NULL && falling()) {
        return WEFTI_HELD_GONE;
    }
    if (entry == NULL) {
        weft_panic("%s: this thread does not hold the lock; only the thread "
                   "that locked it may unlock it, and only once",
                   call);
    }
    uintptr_t marks = entry->lock & WEFTI_HELD_MARKS;
    strike(entry);
    return marks;
}

bool wefti_held_contains(const void *lock)
{
    return find(lock) != NULL;
}

size_t wefti_held_count(void)
{
    wefti_self *self = wefti_get_self();
    return self->held_memory == NULL
               ? 0
               : (size_t)(self->top - self->held_memory) - 1;
}

void wefti_held_doom_from(size_t from)
{
    wefti_self *self = wefti_get_self();
    for (size_t i = wefti_held_count(); i > from; i--) {
        self->held_memory[i].lock |= WEFTI_HELD_DOOMED;
    }
}

void wefti_held_abandon_below(size_t from, uintptr_t limit)
{
    wefti_self *self = wefti_get_self();
    while (wefti_held_count() > from && self->top[-1].depth < limit) {
        wefti_held entry = self->top[-1];
        /* abandon strikes the entry out itself, as an unlock does */
        entry.kind->abandon((void *)address_of(&entry));
    }
}

void wefti_held_abandon_from(size_t from)
{
    wefti_held_abandon_below(from, UINTPTR_MAX);
}

void wefti_held_abandon_doomed(const void *after)
{
    const wefti_self *self = wefti_get_self();
    const wefti_held *entry = find(after);
    while (entry != NULL && self->top - 1 > entry &&
           (self->top[-1].lock & WEFTI_HELD_DOOMED) != 0) {
        wefti_held_abandon_from(wefti_held_count() - 1);
    }
}
