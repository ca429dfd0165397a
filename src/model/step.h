/* A step: the next visible operation of a thread, announced before it is made,
 * with what it reads and writes, so that the search knows which steps of two
 * threads may change places without anybody noticing. */
#ifndef WEFT_SRC_MODEL_STEP_H
#define WEFT_SRC_MODEL_STEP_H

#include <stdbool.h>
#include <stdint.h>

typedef enum wefti_kind {
    WEFTI_STEP_START,
    WEFTI_STEP_LOAD,
    WEFTI_STEP_STORE,
    WEFTI_STEP_SWAP,
    WEFTI_STEP_ADD,
    WEFTI_STEP_SUB,
    WEFTI_STEP_AND,
    WEFTI_STEP_OR,
    WEFTI_STEP_XOR,
    WEFTI_STEP_NAND,
    WEFTI_STEP_CAS,
    WEFTI_STEP_FENCE,
    WEFTI_STEP_FENCE_ALL,
    WEFTI_STEP_WAIT,
    WEFTI_STEP_WAKE,
    WEFTI_STEP_GIVE_UP,
    WEFTI_STEP_LOCK,
    WEFTI_STEP_UNLOCK,
    WEFTI_STEP_SPAWN,
    WEFTI_STEP_JOIN,
    WEFTI_STEP_EXIT,
    WEFTI_STEP_YIELD,
    WEFTI_STEP_CLOCK,
    WEFTI_STEP_SLEEP,
    WEFTI_STEP_KINDS,
} wefti_kind;

/* What steps contend for. Two steps conflict if they use the same resource
 * and one of them writes it. */
enum {
    WEFTI_RESOURCE_CLOCK = 1 << 2 | 3,
    WEFTI_RESOURCE_SPURIOUS = 2 << 2 | 3, /* the wake-ups that are left */
    WEFTI_RESOURCE_SPAWN = 3 << 2 | 3,    /* the numbering of threads */
    WEFTI_RESOURCE_SEQ_CST = 4 << 2 | 3,  /* fences write, operations read */
    WEFTI_STEP_USES = 4,
};

typedef struct wefti_step {
    wefti_kind kind;
    uint8_t order;
    uint8_t count;   /* of uses */
    uint8_t writes;  /* bit i: uses[i] is written */
    bool everywhere; /* conflicts with every step */
    bool forced;     /* a turn of a spin loop, as nobody else can go on */
    bool while_one;  /* not before the word at `address` is other than 1 */
    uint32_t size;
    uint32_t target; /* the thread that is joined */
    uintptr_t address;
    const void *pc;
    uintptr_t uses[WEFTI_STEP_USES];
} wefti_step;

static inline wefti_step wefti_step_make(wefti_kind kind, const void *pc)
{
    return (wefti_step){.kind = kind, .pc = pc};
}

static inline void wefti_step_use(wefti_step *s, uintptr_t resource,
                                  bool writes)
{
    s->writes |= (uint8_t)(writes << s->count);
    s->uses[s->count++] = resource;
}

static inline void wefti_step_use_word(wefti_step *s, uintptr_t address,
                                       bool writes)
{
    s->address = address;
    wefti_step_use(s, address << 2, writes);
}

/* Those who sleep on a word. Joining them is a read: any may be woken. */
static inline void wefti_step_use_queue(wefti_step *s, uintptr_t address,
                                        bool takes)
{
    s->address = address;
    wefti_step_use(s, address << 2 | 1, takes);
}

static inline void wefti_step_use_thread(wefti_step *s, uint32_t thread)
{
    s->target = thread;
    wefti_step_use(s, (uintptr_t)thread << 2 | 2, true);
}

bool wefti_steps_conflict(const wefti_step *a, const wefti_step *b);

/* "load", "compare-and-swap". */
const char *wefti_step_name(wefti_kind kind);

#endif
