#include "model/log.h"

#include "model/calls.h"
#include "model/explorer.h"
#include "model/fiber.h"
#include "model/memory.h"
#include "model/order.h"
#include "model/real.h"
#include "model/symbol.h"

#include <stdio.h>
#include <string.h>

enum {
    ENTRIES = 4096 + 64,
    NAMES = 64,
    PLACES = 8,
    WIDTH = 30,
    FIRST_ROWS = 30,
    LAST_ROWS = 120
};

static wefti_entry entries[ENTRIES];
static uint32_t entry_count;
static uint32_t last_of[WEFTI_MODEL_THREADS];

static struct {
    uintptr_t address;
    size_t size;
    const char *name;
} names[NAMES];
static uint32_t name_count;

static const void *places[PLACES];
static uint32_t place_count;

void wefti_log_restart(void)
{
    entry_count = 0;
    name_count = 0;
    place_count = 0;
}

void wefti_log_add(uint32_t thread, const wefti_step *step)
{
    wefti_entry *e = &entries[entry_count];
    entry_count += entry_count + 1 < ENTRIES;
    *e = (wefti_entry){
        .step = *step, .thread = thread, .caller = wefti_calls_caller()};
    last_of[thread] = (uint32_t)(e - entries);
}

wefti_entry *wefti_log_last(uint32_t thread)
{
    return &entries[last_of[thread]];
}

void wefti_log_show(uint64_t value, bool stale)
{
    wefti_entry *e = wefti_log_last(wefti_running.self);
    e->has_value = true;
    e->value = value;
    e->stale = stale;
}

void wefti_log_show_change(uint64_t from, uint64_t to)
{
    wefti_entry *e = wefti_log_last(wefti_running.self);
    e->has_value = e->has_change = true;
    e->before = from;
    e->value = to;
}

void wefti_log_place(const void *pc)
{
    for (uint32_t i = 0; i < place_count; i++) {
        if (places[i] == pc) {
            return;
        }
    }
    if (pc != NULL && place_count < PLACES) {
        places[place_count++] = pc;
    }
}

/* ------------------------------------------------------------------- names */

void wefti_log_name(uintptr_t address, size_t size, const char *name)
{
    if (name_count == NAMES) {
        weft_model_fail("more than %d names", NAMES);
    }
    names[name_count].address = address;
    names[name_count].size = size;
    names[name_count++].name = name;
}

const char *wefti_log_name_of(uintptr_t address)
{
    static char texts[4][64];
    static uint32_t turn;
    char *text = texts[turn++ % 4];
    const size_t size = sizeof texts[0];
    for (uint32_t i = name_count; i-- > 0;) {
        uintptr_t offset = address - names[i].address;
        if (offset < names[i].size) {
            const char *format = offset != 0 ? "%s+%u" : "%s";
            (void)snprintf(text, size, format, names[i].name, (unsigned)offset);
            return text;
        }
    }
    int slot = wefti_fiber_of_address(address);
    if (slot >= 0) {
        const wefti_fiber *f = wefti_fiber_of_slot((uint32_t)slot);
        (void)snprintf(text, size, "T%d's stack-%zu", slot,
                       (size_t)((uintptr_t)f->high - address));
    } else if (wefti_memory_heap_name(address, text, size) ||
               wefti_symbol_of_data(address, text, size)) {
        return text;
    } else {
        (void)snprintf(text, size, "%#zx", (size_t)address);
    }
    return text;
}

/* ------------------------------------------------------------------ report */

static const char *order_name(const wefti_step *s)
{
    static const char *const orders[] = {"relaxed", "consume", "acquire",
                                         "release", "acq_rel", "seq_cst"};
    bool ordered = s->kind >= WEFTI_STEP_LOAD && s->kind <= WEFTI_STEP_FENCE;
    return ordered && s->order <= WEFTI_SEQ_CST ? orders[s->order] : "";
}

static void what(const wefti_entry *e, char *text, size_t size)
{
    const wefti_step *s = &e->step;
    char object[72] = "";
    if (s->kind == WEFTI_STEP_SPAWN || s->kind == WEFTI_STEP_JOIN) {
        (void)snprintf(object, sizeof object, " T%u", s->target);
    } else if (s->address != 0 && s->kind != WEFTI_STEP_YIELD) {
        (void)snprintf(object, sizeof object, " %s",
                       wefti_log_name_of(s->address));
    }
    char value[64] = "";
    if (e->has_change) {
        (void)snprintf(value, sizeof value, " %llx>%llx",
                       (unsigned long long)e->before,
                       (unsigned long long)e->value);
    } else if (e->has_value) {
        (void)snprintf(value, sizeof value, " =%llx%s",
                       (unsigned long long)e->value,
                       e->stale ? " (stale)" : "");
    }
    (void)snprintf(text, size, "%s%s%s %s", wefti_step_name(s->kind), object,
                   value, order_name(s));
}

static void print_row(uint32_t number, const wefti_entry *e, uint32_t threads)
{
    char text[256];
    what(e, text, sizeof text);
    int left = (int)(e->thread * WIDTH);
    int room = (int)((threads - e->thread) * WIDTH);
    char where[256];
    wefti_symbol_of_code(e->step.pc, where, sizeof where);
    (void)fprintf(stderr, "%4u  %*s%-*s  %s", number, left, "", room, text,
                  where);
    if (e->caller != NULL) {
        wefti_symbol_of_code(e->caller, where, sizeof where);
        (void)fprintf(stderr, " < %s", where);
    }
    (void)fputc('\n', stderr);
}

static void look_up(void)
{
    for (uint32_t i = 0; i < entry_count; i++) {
        wefti_symbol_want(entries[i].step.pc);
        wefti_symbol_want(entries[i].caller);
    }
    for (uint32_t i = 0; i < place_count; i++) {
        wefti_symbol_want(places[i]);
    }
    wefti_symbol_resolve();
}

static const char *search_name(weft_model_search s)
{
    static const char *const searches[] = {"exhaustive", "bounded", "random",
                                           "PCT"};
    return searches[s];
}

void wefti_log_report(const weft_model_options *o, const weft_model_result *r,
                      uint32_t threads)
{
    look_up();
    (void)fprintf(stderr, "\n%s: %s\n", o->name, r->message);
    for (uint32_t i = 0; i < place_count; i++) {
        char where[256];
        wefti_symbol_of_code(places[i], where, sizeof where);
        (void)fprintf(stderr, "    at %s\n", where);
    }
    (void)fprintf(stderr, "execution %llu of a search that is %s",
                  (unsigned long long)r->executions, search_name(o->search));
    if (o->seed != 0) {
        (void)fprintf(stderr, ", WEFT_SEED=%llu", (unsigned long long)o->seed);
    }
    (void)fprintf(stderr, "\n\nstep  ");
    for (uint32_t t = 0; t < threads; t++) {
        (void)fprintf(stderr, "T%-*u", WIDTH - 1, t);
    }
    (void)fprintf(stderr, "  where\n");
    for (uint32_t i = 0; i < entry_count; i++) {
        if (i == FIRST_ROWS && entry_count > FIRST_ROWS + LAST_ROWS) {
            i = entry_count - LAST_ROWS;
            (void)fprintf(stderr, " ...\n");
        }
        print_row(i + 1, &entries[i], threads);
    }
    (void)fprintf(stderr, "\nTo see it again: WEFT_MODEL_REPLAY='%s:%s'\n\n",
                  o->name, r->replay);
}
