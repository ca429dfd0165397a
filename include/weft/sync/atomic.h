/* Atomics for programs, typed, with the memory order in the name. */
#ifndef WEFT_SYNC_ATOMIC_H
#define WEFT_SYNC_ATOMIC_H

#include <weft/base/atomic.h>

WEFT_BEGIN_DECLS

/* A weft_atomic_u64 (i32, size, bool, ptr, ...) is a number that threads may
 * change at the same time without a lock.
 * Storage   the caller's; all-zero bytes are zero; WEFT_ATOMIC_INIT(v).
 * Threads   any, any time; plain access does not compile.
 * Ordering  is the last word of each name:
 *   relaxed   only this number is atomic; nothing else is ordered
 *   release   a store that hands over everything written before it
 *   acquire   a load that receives what the release store it reads handed over
 *   acq_rel   both, for operations that read and write
 *   seq_cst   all such operations of the program agree on one order
 * Nothing here blocks or allocates.
 * Example   a counter that every thread adds to, read after they were joined:
 *
 *     static weft_atomic_u64 served;
 *     weft_atomic_u64_add_relaxed(&served, 1);
 *
 * For every type: NAME_init(a, v); NAME_load_{relaxed,acquire,seq_cst}(a);
 * NAME_store_{relaxed,release,seq_cst}(a, v);
 * NAME_swap_{relaxed,acquire,release,acq_rel,seq_cst}(a, v), the value before;
 * NAME_cas_{the same five}(a, &expected, desired), whether it swapped; if not,
 * expected is what was found, and only the seq_cst form orders anything.
 * For integers too, each giving the value before, each with the five orders:
 * NAME_{add,sub,and,or,xor}_ORDER(a, v). Sums wrap around, signed ones too. */

/* clang-format off */
#define WEFT_ATOMIC_INIT(v) {(v)}
/* clang-format on */

#define WEFTI_ATOMIC_RMW(NAME, T, OP, ORDER)          \
    WEFT_INLINE T NAME##_##OP##_##ORDER(NAME *a, T v) \
    {                                                 \
        return wefti_##OP##_##ORDER(a, v);            \
    }
#define WEFTI_ATOMIC_RMW_ALL(NAME, T, OP)  \
    WEFTI_ATOMIC_RMW(NAME, T, OP, relaxed) \
    WEFTI_ATOMIC_RMW(NAME, T, OP, acquire) \
    WEFTI_ATOMIC_RMW(NAME, T, OP, release) \
    WEFTI_ATOMIC_RMW(NAME, T, OP, acq_rel) \
    WEFTI_ATOMIC_RMW(NAME, T, OP, seq_cst)
#define WEFTI_ATOMIC_LOAD(NAME, T, ORDER)            \
    WEFT_INLINE T NAME##_load_##ORDER(const NAME *a) \
    {                                                \
        return wefti_load_##ORDER(a);                \
    }
#define WEFTI_ATOMIC_STORE(NAME, T, ORDER)              \
    WEFT_INLINE void NAME##_store_##ORDER(NAME *a, T v) \
    {                                                   \
        wefti_store_##ORDER(a, v);                      \
    }
#define WEFTI_ATOMIC_CAS(NAME, T, ORDER, OP)                             \
    WEFT_INLINE bool NAME##_cas_##ORDER(NAME *a, T *expected, T desired) \
    {                                                                    \
        return wefti_cas_##OP(a, expected, desired);                     \
    }

/* For a type of your own (an enum, a pointer to a struct): the same functions,
 * without arithmetic. T is an integer, enum, bool or pointer of 1 to 8 bytes.
 * Follow it with a semicolon. */
#define WEFT_ATOMIC_DEFINE(NAME, T)                                      \
    typedef struct NAME {                                                \
        T wefti_value;                                                   \
    } NAME;                                                              \
    WEFT_STATIC_ASSERT(sizeof(T) <= 8, "an atomic has 8 bytes at most"); \
    WEFTI_ATOMIC_FUNCTIONS(NAME, T)                                      \
    WEFT_NEEDS_SEMICOLON

#define WEFTI_ATOMIC_FUNCTIONS(NAME, T)         \
    WEFT_INLINE void NAME##_init(NAME *a, T v)  \
    {                                           \
        wefti_store_relaxed(a, v);              \
    }                                           \
    WEFTI_ATOMIC_LOAD(NAME, T, relaxed)         \
    WEFTI_ATOMIC_LOAD(NAME, T, acquire)         \
    WEFTI_ATOMIC_LOAD(NAME, T, seq_cst)         \
    WEFTI_ATOMIC_STORE(NAME, T, relaxed)        \
    WEFTI_ATOMIC_STORE(NAME, T, release)        \
    WEFTI_ATOMIC_STORE(NAME, T, seq_cst)        \
    WEFTI_ATOMIC_RMW_ALL(NAME, T, swap)         \
    WEFTI_ATOMIC_CAS(NAME, T, relaxed, relaxed) \
    WEFTI_ATOMIC_CAS(NAME, T, acquire, acquire) \
    WEFTI_ATOMIC_CAS(NAME, T, release, release) \
    WEFTI_ATOMIC_CAS(NAME, T, acq_rel, acq_rel) \
    WEFTI_ATOMIC_CAS(NAME, T, seq_cst, seq_cst_or_seq_cst)

#define WEFTI_ATOMIC_ARITHMETIC(NAME, T) \
    WEFTI_ATOMIC_RMW_ALL(NAME, T, add)   \
    WEFTI_ATOMIC_RMW_ALL(NAME, T, sub)   \
    WEFTI_ATOMIC_RMW_ALL(NAME, T, and)   \
    WEFTI_ATOMIC_RMW_ALL(NAME, T, or)    \
    WEFTI_ATOMIC_RMW_ALL(NAME, T, xor)

#define WEFTI_ATOMIC_INTEGER(NAME, T) \
    WEFT_ATOMIC_DEFINE(NAME, T);      \
    WEFTI_ATOMIC_ARITHMETIC(NAME, T)

WEFTI_ATOMIC_INTEGER(weft_atomic_i8, int8_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_u8, uint8_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_i16, int16_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_u16, uint16_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_i32, int32_t)
WEFTI_ATOMIC_FUNCTIONS(weft_atomic_u32, uint32_t) /* the type is base's */
WEFTI_ATOMIC_ARITHMETIC(weft_atomic_u32, uint32_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_i64, int64_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_u64, uint64_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_size, size_t)
WEFTI_ATOMIC_INTEGER(weft_atomic_uptr, uintptr_t)
WEFT_ATOMIC_DEFINE(weft_atomic_bool, bool);
WEFT_ATOMIC_DEFINE(weft_atomic_ptr, void *);

WEFT_END_DECLS

#endif
