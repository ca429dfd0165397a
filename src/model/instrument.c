/* What the compiler calls in a program built with -fsanitize=thread: the
 * interface of the ThreadSanitizer runtime (compiler-rt, tsan_interface.h),
 * whose place this file takes. */
#include "model/calls.h"
#include "model/explorer.h"
#include "model/memory.h"
#include "model/real.h"

#define HERE __builtin_return_address(0)
#define EXPORT WEFT_API __attribute__((noinline))

void __tsan_init(void);
EXPORT void __tsan_init(void)
{
}

/* ------------------------------------------------------------ plain accesses
 */

static void plain(const void *at, size_t size, bool writes, const void *pc)
{
    if (!wefti_explorer_enter()) {
        return;
    }
    if (writes) {
        wefti_memory_write((uintptr_t)at, size, pc);
    } else {
        wefti_memory_read((uintptr_t)at, size, pc);
    }
    wefti_explorer_leave();
}

#define PLAIN(name, size, writes)      \
    void name(void *at);               \
    EXPORT void name(void *at)         \
    {                                  \
        plain(at, size, writes, HERE); \
    }                                  \
    void name(void *at)

#define PLAIN_SIZE(size)                             \
    PLAIN(__tsan_read##size, size, false);           \
    PLAIN(__tsan_write##size, size, true);           \
    PLAIN(__tsan_unaligned_read##size, size, false); \
    PLAIN(__tsan_unaligned_write##size, size, true); \
    PLAIN(__tsan_volatile_read##size, size, false);  \
    PLAIN(__tsan_volatile_write##size, size, true)

PLAIN_SIZE(1);
PLAIN_SIZE(2);
PLAIN_SIZE(4);
PLAIN_SIZE(8);
PLAIN_SIZE(16);

#define RANGE(name, writes)                 \
    void name(void *at, size_t size);       \
    EXPORT void name(void *at, size_t size) \
    {                                       \
        plain(at, size, writes, HERE);      \
    }                                       \
    void name(void *at, size_t size)

RANGE(__tsan_read_range, false);
RANGE(__tsan_write_range, true);

/* ------------------------------------------------------------------ frames */

enum { DEPTH = 1024 };

typedef struct call {
    uintptr_t bottom; /* of the frame, when its function was entered */
    const void *pc;   /* from where it was called */
} call;

static call calls[WEFTI_MODEL_THREADS][DEPTH];
static uint32_t depths[WEFTI_MODEL_THREADS];

void wefti_calls_restart(void)
{
    (void)__real_memset(depths, 0, sizeof depths);
}

const void *wefti_calls_caller(void)
{
    uint32_t t = wefti_running.self;
    return depths[t] > 1 ? calls[t][depths[t] - 1].pc : NULL;
}

/* Forget the frames below `bottom`, which an unwinding may have left behind.
 * From where was the last of them called? */
static const void *drop_frames(uint32_t t, uintptr_t bottom)
{
    const void *pc = NULL;
    while (depths[t] > 0 && calls[t][depths[t] - 1].bottom < bottom) {
        pc = calls[t][--depths[t]].pc;
    }
    return pc;
}

static void end_frames(uint32_t t, const void *pc)
{
    if (depths[t] > 0) {
        wefti_memory_frame_ends(calls[t][depths[t] - 1].bottom, pc);
    }
}

/* Of the calling function: our own frame lies just below it. */
#define CALLERS_BOTTOM ((uintptr_t)__builtin_frame_address(0) + 16)

void __tsan_func_entry(void *pc);
EXPORT void __tsan_func_entry(void *pc)
{
    if (!wefti_explorer_enter()) {
        return;
    }
    uint32_t t = wefti_running.self;
    uintptr_t bottom = CALLERS_BOTTOM;
    (void)drop_frames(t, bottom + 1);
    end_frames(t, pc);
    if (depths[t] == DEPTH) {
        weft_model_fail("T%u: calls nested deeper than %d", t, DEPTH);
    }
    calls[t][depths[t]++] = (call){bottom, pc};
    wefti_explorer_leave();
}

void __tsan_func_exit(void);
EXPORT void __tsan_func_exit(void)
{
    if (!wefti_explorer_enter()) {
        return;
    }
    uint32_t t = wefti_running.self;
    /* The last act of a function may be to jump here: then its frame is gone,
     * and we return to where it was called from. */
    bool jumped = drop_frames(t, CALLERS_BOTTOM) == HERE;
    depths[t] -= !jumped && depths[t] > 0;
    end_frames(t, HERE);
    wefti_explorer_leave();
}

/* ----------------------------------------------------------------- atomics */

static uint64_t swap(uint64_t old, uint64_t operand)
{
    (void)old;
    return operand;
}

static uint64_t add(uint64_t old, uint64_t operand)
{
    return old + operand;
}

static uint64_t sub(uint64_t old, uint64_t operand)
{
    return old - operand;
}

static uint64_t and (uint64_t old, uint64_t operand)
{
    return old & operand;
}

static uint64_t or (uint64_t old, uint64_t operand)
{
    return old | operand;
}

static uint64_t xor (uint64_t old, uint64_t operand) { return old ^ operand; }

    static uint64_t nand(uint64_t old, uint64_t operand)
{
    return ~(old & operand);
}

static const struct {
    wefti_kind kind;
    uint64_t (*change)(uint64_t, uint64_t);
} updates[] = {
    {WEFTI_STEP_SWAP, swap}, {WEFTI_STEP_ADD, add}, {WEFTI_STEP_SUB, sub},
    {WEFTI_STEP_AND, and},   {WEFTI_STEP_OR, or },  {WEFTI_STEP_XOR, xor},
    {WEFTI_STEP_NAND, nand},
};
enum { SWAP, ADD, SUB, AND, OR, XOR, NAND };

/* Wait for this thread's turn to make the access. */
static void announce(wefti_kind kind, const wefti_access *a, bool writes)
{
    wefti_step s = wefti_step_make(kind, a->pc);
    s.order = (uint8_t)a->order;
    s.size = a->size;
    wefti_step_use_word(&s, a->address, writes);
    if (a->order == WEFTI_SEQ_CST) {
        wefti_step_use(&s, WEFTI_RESOURCE_SEQ_CST, false);
    }
    wefti_explorer_step(&s);
}

static uint64_t peek(const wefti_access *a)
{
    uint64_t value = 0;
    (void)__real_memcpy(&value, (const void *)a->address, a->size);
    return value;
}

static void poke(const wefti_access *a, uint64_t value)
{
    (void)__real_memcpy((void *)a->address, &value, a->size);
}

/* Outside of an execution there is one thread only, and memory is memory. */
static uint64_t atomic_load(const wefti_access *a)
{
    if (!wefti_explorer_enter()) {
        return peek(a);
    }
    announce(WEFTI_STEP_LOAD, a, false);
    uint64_t value = wefti_order_load(a);
    wefti_explorer_leave();
    return value;
}

static void atomic_store(const wefti_access *a, uint64_t value)
{
    if (!wefti_explorer_enter()) {
        poke(a, value);
        return;
    }
    announce(WEFTI_STEP_STORE, a, true);
    wefti_order_store(a, value);
    wefti_explorer_leave();
}

static uint64_t atomic_update(const wefti_access *a, int which,
                              uint64_t operand)
{
    if (!wefti_explorer_enter()) {
        uint64_t old = peek(a);
        poke(a, updates[which].change(old, operand));
        return old;
    }
    announce(updates[which].kind, a, true);
    uint64_t old = wefti_order_update(a, updates[which].change, operand);
    wefti_explorer_leave();
    return old;
}

static bool atomic_cas(const wefti_access *a, uint64_t *expected,
                       uint64_t desired, wefti_order otherwise, bool weak)
{
    if (!wefti_explorer_enter()) {
        uint64_t old = peek(a);
        bool equal = old == *expected;
        poke(a, equal ? desired : old);
        *expected = old;
        return equal;
    }
    wefti_step s = wefti_step_make(WEFTI_STEP_CAS, a->pc);
    s.order = (uint8_t)a->order;
    s.size = a->size;
    wefti_step_use_word(&s, a->address, true);
    if (a->order == WEFTI_SEQ_CST || otherwise == WEFTI_SEQ_CST) {
        wefti_step_use(&s, WEFTI_RESOURCE_SEQ_CST, false);
    }
    if (weak && wefti_explorer_has_whims()) {
        wefti_step_use(&s, WEFTI_RESOURCE_SPURIOUS, true);
    }
    wefti_explorer_step(&s);
    bool done = wefti_order_swap_if(a, expected, desired, otherwise, weak);
    wefti_explorer_leave();
    return done;
}

#define ACCESS(at, bits, order)                   \
    (&(wefti_access){(uintptr_t)(at), (bits) / 8, \
                     (wefti_order)((order)&0xffff), HERE})

#define UPDATE(bits, T, name, which)                                          \
    T __tsan_atomic##bits##_##name(volatile T *at, T value, int order);       \
    EXPORT T __tsan_atomic##bits##_##name(volatile T *at, T value, int order) \
    {                                                                         \
        return (T)atomic_update(ACCESS(at, bits, order), which, value);       \
    }

#define CAS(bits, T, name, weak)                                         \
    int __tsan_atomic##bits##_compare_exchange_##name(                   \
        volatile T *at, T *expected, T value, int order, int otherwise); \
    EXPORT int __tsan_atomic##bits##_compare_exchange_##name(            \
        volatile T *at, T *expected, T value, int order, int otherwise)  \
    {                                                                    \
        uint64_t seen = *expected;                                       \
        bool done = atomic_cas(ACCESS(at, bits, order), &seen, value,    \
                               (wefti_order)otherwise, weak);            \
        *expected = (T)seen;                                             \
        return done;                                                     \
    }

#define ATOMIC(bits, T)                                                   \
    T __tsan_atomic##bits##_load(const volatile T *at, int order);        \
    EXPORT T __tsan_atomic##bits##_load(const volatile T *at, int order)  \
    {                                                                     \
        return (T)atomic_load(ACCESS(at, bits, order));                   \
    }                                                                     \
    void __tsan_atomic##bits##_store(volatile T *at, T value, int order); \
    EXPORT void __tsan_atomic##bits##_store(volatile T *at, T value,      \
                                            int order)                    \
    {                                                                     \
        atomic_store(ACCESS(at, bits, order), value);                     \
    }                                                                     \
    UPDATE(bits, T, exchange, SWAP)                                       \
    UPDATE(bits, T, fetch_add, ADD)                                       \
    UPDATE(bits, T, fetch_sub, SUB)                                       \
    UPDATE(bits, T, fetch_and, AND)                                       \
    UPDATE(bits, T, fetch_or, OR)                                         \
    UPDATE(bits, T, fetch_xor, XOR)                                       \
    UPDATE(bits, T, fetch_nand, NAND)                                     \
    CAS(bits, T, strong, false)                                           \
    CAS(bits, T, weak, true)                                              \
    T __tsan_atomic##bits##_compare_exchange_val(                         \
        volatile T *at, T expected, T value, int order, int otherwise);   \
    EXPORT T __tsan_atomic##bits##_compare_exchange_val(                  \
        volatile T *at, T expected, T value, int order, int otherwise)    \
    {                                                                     \
        uint64_t seen = expected;                                         \
        (void)atomic_cas(ACCESS(at, bits, order), &seen, value,           \
                         (wefti_order)otherwise, false);                  \
        return (T)seen;                                                   \
    }

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_signal_fence(int order);
EXPORT void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

void __tsan_atomic_thread_fence(int order);
EXPORT void __tsan_atomic_thread_fence(int order)
{
    if (!wefti_explorer_enter()) {
        return;
    }
    wefti_step s = wefti_step_make(WEFTI_STEP_FENCE, HERE);
    s.order = (uint8_t)order;
    if (order == WEFTI_SEQ_CST) {
        wefti_step_use(&s, WEFTI_RESOURCE_SEQ_CST, true);
    }
    wefti_explorer_step(&s);
    wefti_order_fence((wefti_order)order);
    wefti_explorer_leave();
}
