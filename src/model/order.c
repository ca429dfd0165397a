/* The model is that of C11 with the fences of C++20, restricted to executions
 * whose modification orders agree with the order in which stores are run, and
 * in which no load reads from a store that comes later.
 *
 * A load of thread t may return store s of an object unless a newer store of
 * the object must not be overlooked: one that t's view contains, written or
 * read. For seq_cst loads that view is widened by the seq_cst fences run so
 * far, and no seq_cst store may be overlooked. */
#include "model/order.h"

#include "model/explorer.h"
#include "model/fiber.h"
#include "model/log.h"
#include "model/search.h"
#include "model/memory.h"
#include "model/real.h"

enum { OBJECTS = 1024, OBJECT_SLOTS = 4096, STORES = 32 };

typedef struct store {
    uint64_t value;
    wefti_past handed; /* what an acquire load of it receives */
    uint32_t number;
    uint32_t sc; /* its number among the seq_cst stores; 0: it is none */
    uint16_t seen[WEFTI_MODEL_THREADS]; /* when first written or read */
} store;

typedef struct object {
    uintptr_t address;
    uint32_t size;
    uint32_t count;
    const void *pc; /* of the last atomic access */
    uint16_t read_at[WEFTI_MODEL_THREADS];
    uint16_t written_at[WEFTI_MODEL_THREADS];
    store stores[STORES]; /* in modification order */
} object;

static object objects[OBJECTS];
static uint32_t object_count;
static struct {
    uint64_t run;
    uint32_t index; /* into objects */
} slots[OBJECT_SLOTS];
static uint64_t run;
static uint32_t store_count;
static uint32_t sc_store_count;
static wefti_clock fences; /* what precedes the seq_cst fences so far */

bool wefti_order_tries_all;

void wefti_order_restart(void)
{
    run++;
    object_count = 0;
    store_count = 0;
    sc_store_count = 0;
    fences = (wefti_clock){{0}};
}

static bool acquires(wefti_order o)
{
    return o == WEFTI_CONSUME || o == WEFTI_ACQUIRE || o >= WEFTI_ACQ_REL;
}

static bool releases(wefti_order o)
{
    return o >= WEFTI_RELEASE;
}

static uint16_t now(void)
{
    return wefti_running.knows->now.hb.of[wefti_running.self];
}

/* ------------------------------------------------------------------ objects */

static uint32_t *slot_of(uintptr_t address)
{
    size_t at = (size_t)(address * 0x9E3779B97F4A7C15ull >> 40) % OBJECT_SLOTS;
    while (slots[at].run == run &&
           objects[slots[at].index].address != address) {
        at = (at + 1) % OBJECT_SLOTS;
    }
    if (slots[at].run == run) {
        return &slots[at].index;
    }
    slots[at].run = run;
    slots[at].index = OBJECTS;
    return &slots[at].index;
}

static object *find(uintptr_t address)
{
    size_t at = (size_t)(address * 0x9E3779B97F4A7C15ull >> 40) % OBJECT_SLOTS;
    while (slots[at].run == run) {
        object *o = &objects[slots[at].index];
        if (o->address == address) {
            return o->count > 0 ? o : NULL;
        }
        at = (at + 1) % OBJECT_SLOTS;
    }
    return NULL;
}

static uint64_t peek(uintptr_t address, uint32_t size)
{
    uint64_t value = 0;
    (void)__real_memcpy(&value, (const void *)address, size);
    return value;
}

static store *newest(object *o)
{
    return &o->stores[o->count - 1];
}

static object *make_object(const wefti_access *a)
{
    if (object_count == OBJECTS) {
        weft_model_fail("this execution uses more than %d atomic objects",
                        OBJECTS);
    }
    uint32_t *index = slot_of(a->address);
    if (*index == OBJECTS) {
        *index = object_count++;
    }
    object *o = &objects[*index];
    (void)__real_memset(o, 0, sizeof *o);
    o->address = a->address;
    o->size = a->size;
    o->count = 1;
    o->stores[0].value = peek(a->address, a->size);
    o->stores[0].number = ++store_count;
    return o;
}

/* Compilers do not announce writes to locals of which nobody has the address,
 * and let several share a place. */
static bool is_another(const object *o, const wefti_access *a)
{
    if (o->size != a->size) {
        return wefti_fiber_of_address(a->address) == (int)wefti_running.self;
    }
    return o->stores[o->count - 1].value != peek(a->address, a->size);
}

/* The object, as its first atomic access or a plain write before it left it. */
static object *object_of(const wefti_access *a)
{
    object *o = find(a->address);
    if (o == NULL || WEFT_UNLIKELY(is_another(o, a))) {
        o = make_object(a);
    }
    if (o->size != a->size) {
        wefti_log_place(o->pc);
        wefti_log_place(a->pc);
        weft_model_fail("%s is used as an atomic of %u bytes and of %u",
                        wefti_log_name_of(a->address), o->size, a->size);
    }
    o->pc = a->pc;
    return o;
}

static object *begin(const wefti_access *a, bool writes)
{
    wefti_memory_atomic(a->address, a->size, writes, a->pc);
    object *o = object_of(a);
    (writes ? o->written_at : o->read_at)[wefti_running.self] = now();
    return o;
}

/* Whether the running thread comes after these accesses; if not, whose. */
static bool ordered_after(const uint16_t *times, uint32_t *other)
{
    const wefti_past *past = &wefti_running.knows->now;
    for (uint32_t t = 0; t < WEFTI_MODEL_THREADS; t++) {
        if (t != wefti_running.self && times[t] > past->hb.of[t]) {
            *other = t;
            return false;
        }
    }
    return true;
}

static WEFT_COLD void mixed_race(const object *o, const char *how,
                                 uint32_t other, const void *pc)
{
    wefti_log_place(o->pc);
    wefti_log_place(pc);
    weft_model_fail("data race: T%u %s %s, not ordered after an atomic "
                    "operation on it by T%u",
                    wefti_running.self, how, wefti_log_name_of(o->address),
                    other);
}

void wefti_order_plain_read(uintptr_t address, size_t size, const void *pc)
{
    for (size_t i = 0; i < size; i++) {
        const object *o = find(address + i);
        uint32_t other;
        if (o != NULL && !ordered_after(o->written_at, &other)) {
            mixed_race(o, "reads", other, pc);
        }
    }
}

void wefti_order_plain_write(uintptr_t address, size_t size, const char *how,
                             const void *pc)
{
    for (size_t i = 0; i < size; i++) {
        object *o = find(address + i);
        uint32_t other;
        if (o == NULL) {
            continue;
        }
        if (!ordered_after(o->written_at, &other) ||
            !ordered_after(o->read_at, &other)) {
            mixed_race(o, how, other, pc);
        }
        o->count = 0;
    }
}

/* ------------------------------------------------------------------- access */

/* The oldest store that the running thread may still read. */
static uint32_t oldest_visible(const object *o, wefti_order order)
{
    const wefti_past *past = &wefti_running.knows->now;
    wefti_clock view = past->view;
    if (wefti_explorer_is_sequential()) {
        return o->count - 1;
    }
    if (order == WEFTI_SEQ_CST) {
        wefti_clock_join(&view, &fences);
    }
    for (uint32_t i = o->count - 1; i > 0; i--) {
        const store *s = &o->stores[i];
        if (s->sc != 0 && (order == WEFTI_SEQ_CST || s->sc <= past->sc)) {
            return i;
        }
        for (uint32_t t = 0; t < WEFTI_MODEL_THREADS; t++) {
            if (s->seen[t] != 0 && s->seen[t] <= view.of[t]) {
                return i;
            }
        }
    }
    return 0;
}

static void receive(store *s, wefti_order order)
{
    wefti_knowledge *k = wefti_running.knows;
    uint32_t self = wefti_running.self;
    if (s->seen[self] == 0) {
        s->seen[self] = now();
    }
    wefti_past_join(acquires(order) ? &k->now : &k->pending, &s->handed);
}

static void append(object *o, const wefti_access *a, uint64_t value,
                   const wefti_past *sequence)
{
    const wefti_knowledge *k = wefti_running.knows;
    if (o->count == STORES) { /* the oldest can no longer be read stale */
        (void)__real_memmove(&o->stores[0], &o->stores[1],
                             (STORES - 1) * sizeof(store));
        o->count--;
    }
    store *s = &o->stores[o->count++];
    (void)__real_memset(s, 0, sizeof *s);
    s->value = value;
    s->number = ++store_count;
    s->sc = a->order == WEFTI_SEQ_CST ? ++sc_store_count : 0;
    s->seen[wefti_running.self] = now();
    s->handed = releases(a->order) ? k->now : k->released;
    if (sequence != NULL) {
        wefti_past_join(&s->handed, sequence);
    }
    (void)__real_memcpy((void *)a->address, &value, a->size);
}

/* Whether a load that reads `a` instead of `b` learns no more and sees the
 * same: then whatever may follow b may follow a. */
static bool stands_for(const store *a, const store *b, wefti_order order)
{
    if (a->value != b->value || wefti_order_tries_all) {
        return false;
    }
    return (!acquires(order) && wefti_explorer_assumes_no_fences()) ||
           wefti_past_covers(&b->handed, &a->handed);
}

/* The stores that the load is to try, newest first. */
static uint32_t candidates(const object *o, const wefti_access *a,
                           uint8_t tried[STORES])
{
    uint32_t outworn = wefti_explorer_outworn(a->address);
    uint32_t oldest = oldest_visible(o, a->order);
    uint32_t count = 0;
    while (oldest + 1 < o->count && o->stores[oldest].number <= outworn) {
        oldest++;
    }
    for (uint32_t i = o->count; i-- > oldest;) {
        bool needless = false;
        for (uint32_t k = oldest; k < i && !needless; k++) {
            needless = stands_for(&o->stores[k], &o->stores[i], a->order);
        }
        if (!needless) {
            tried[count++] = (uint8_t)i;
        }
    }
    return count;
}

uint64_t wefti_order_load(const wefti_access *a)
{
    object *o = begin(a, false);
    uint8_t tried[STORES];
    uint32_t count = candidates(o, a, tried);
    store *s = &o->stores[tried[wefti_search_value(count)]];
    receive(s, a->order);
    wefti_explorer_has_seen(a->address, s->number, s->value);
    wefti_log_show(s->value, s != newest(o));
    return s->value;
}

uint64_t wefti_order_load_newest(const wefti_access *a)
{
    store *s = newest(begin(a, false));
    receive(s, a->order);
    wefti_log_show(s->value, false);
    return s->value;
}

void wefti_order_store(const wefti_access *a, uint64_t value)
{
    append(begin(a, true), a, value, NULL);
    wefti_log_show(value, false);
}

static uint64_t cut(uint64_t value, uint32_t size)
{
    return size == 8 ? value : value & ((1ull << 8 * size) - 1);
}

uint64_t wefti_order_update(const wefti_access *a,
                            uint64_t (*change)(uint64_t, uint64_t),
                            uint64_t operand)
{
    object *o = begin(a, true);
    store *s = newest(o);
    uint64_t old = s->value;
    wefti_past sequence = s->handed;
    receive(s, a->order);
    uint64_t value = cut(change(old, operand), a->size);
    append(o, a, value, &sequence);
    wefti_explorer_has_seen(a->address, newest(o)->number, value);
    wefti_log_show_change(old, value);
    return old;
}

/* A compare-and-swap can succeed if the newest store is what it expects; fail,
 * on any visible store that is not; and fail for no reason if it is weak. */
bool wefti_order_swap_if(const wefti_access *a, uint64_t *expected,
                         uint64_t desired, wefti_order otherwise, bool weak)
{
    object *o = begin(a, true);
    store *s = newest(o);
    bool equal = s->value == *expected;
    wefti_access failing = *a;
    failing.order = otherwise;
    uint8_t tried[STORES];
    uint32_t count = candidates(o, &failing, tried);
    uint32_t ways = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (o->stores[tried[i]].value != *expected) {
            tried[ways++] = tried[i];
        }
    }
    bool whim = weak && equal && wefti_explorer_may_be_spurious();
    uint32_t way = wefti_search_value(equal + ways + whim);
    if (way == 0 && equal) {
        wefti_past sequence = s->handed;
        receive(s, a->order);
        append(o, a, desired, &sequence);
        wefti_explorer_has_seen(a->address, newest(o)->number, desired);
        wefti_log_show_change(*expected, desired);
        return true;
    }
    way -= equal;
    if (way < ways) {
        s = &o->stores[tried[way]];
    } else {
        wefti_explorer_spend_spurious();
    }
    receive(s, otherwise);
    wefti_explorer_has_seen(a->address, s->number, s->value);
    wefti_log_show(s->value, s != newest(o));
    *expected = s->value;
    return false;
}

/* ------------------------------------------------------------------- fences */

static void fence_of(wefti_knowledge *k, wefti_order order)
{
    wefti_explorer_meets_fence();
    if (acquires(order)) {
        wefti_past_join(&k->now, &k->pending);
    }
    if (order == WEFTI_SEQ_CST) {
        wefti_clock_join(&fences, &k->now.hb);
        wefti_clock_join(&k->now.view, &fences);
        k->now.sc = sc_store_count;
    }
    if (releases(order)) {
        k->released = k->now;
    }
}

void wefti_order_fence(wefti_order order)
{
    fence_of(wefti_running.knows, order);
}

void wefti_order_fence_everywhere(void)
{
    for (int round = 0; round < 2; round++) {
        for (uint32_t t = 0; t < wefti_explorer_thread_count(); t++) {
            fence_of(wefti_explorer_knowledge_of(t), WEFTI_SEQ_CST);
        }
    }
}

bool wefti_order_newest(uintptr_t address, uint64_t *value)
{
    object *o = find(address);
    if (o != NULL) {
        *value = newest(o)->value;
    }
    return o != NULL;
}
