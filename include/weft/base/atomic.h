/* The atomic operations that weft is made of. Private by its names: programs
 * use <weft/sync/atomic.h>, which is built on this.
 *
 * This is the only file that names the compiler's atomics; every atomic access
 * of the library and of its inlined fast paths goes through it, so that the
 * schedule explorer can put itself in its place. Each operation carries its
 * memory order in its name, takes a pointer to a WEFT_ATOMIC(T), and is a
 * macro, so that a report can name the line that used it.
 *
 * Read-modify-write operations return the value before. A compare-and-swap
 * returns whether it swapped and otherwise writes what it saw to *expected;
 * its failing read is relaxed unless the name ends in _or_acquire. */
#ifndef WEFT_BASE_ATOMIC_H
#define WEFT_BASE_ATOMIC_H

#include <weft/base/config.h>

/* An atomic T: an integer or a pointer. The wrapper keeps plain reads and
 * writes from compiling; all-zero bytes are the value zero. */
#define WEFT_ATOMIC(T) \
    struct {           \
        T wefti_value; \
    }

typedef struct weft_atomic_u32 {
    uint32_t wefti_value;
} weft_atomic_u32;
WEFT_STATIC_ASSERT(sizeof(weft_atomic_u32) == 4, "a futex word is 4 bytes");

#define wefti_load_relaxed(a) \
    __atomic_load_n(&(a)->wefti_value, __ATOMIC_RELAXED)
#define wefti_load_acquire(a) \
    __atomic_load_n(&(a)->wefti_value, __ATOMIC_ACQUIRE)
#define wefti_load_seq_cst(a) \
    __atomic_load_n(&(a)->wefti_value, __ATOMIC_SEQ_CST)

#define wefti_store_relaxed(a, v) \
    __atomic_store_n(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_store_release(a, v) \
    __atomic_store_n(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_store_seq_cst(a, v) \
    __atomic_store_n(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

#define wefti_swap_relaxed(a, v) \
    __atomic_exchange_n(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_swap_acquire(a, v) \
    __atomic_exchange_n(&(a)->wefti_value, (v), __ATOMIC_ACQUIRE)
#define wefti_swap_release(a, v) \
    __atomic_exchange_n(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_swap_acq_rel(a, v) \
    __atomic_exchange_n(&(a)->wefti_value, (v), __ATOMIC_ACQ_REL)
#define wefti_swap_seq_cst(a, v) \
    __atomic_exchange_n(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

#define WEFTI_CAS(a, expected, desired, order, otherwise)                    \
    __atomic_compare_exchange_n(&(a)->wefti_value, (expected), (desired), 0, \
                                (order), (otherwise))
#define wefti_cas_relaxed(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define wefti_cas_acquire(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define wefti_cas_release(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
#define wefti_cas_acq_rel(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
#define wefti_cas_seq_cst(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
#define wefti_cas_acquire_or_acquire(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)
#define wefti_cas_release_or_acquire(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)
#define wefti_cas_acq_rel_or_acquire(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
#define wefti_cas_seq_cst_or_seq_cst(a, expected, desired) \
    WEFTI_CAS(a, expected, desired, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

#define wefti_add_relaxed(a, v) \
    __atomic_fetch_add(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_add_acquire(a, v) \
    __atomic_fetch_add(&(a)->wefti_value, (v), __ATOMIC_ACQUIRE)
#define wefti_add_release(a, v) \
    __atomic_fetch_add(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_add_acq_rel(a, v) \
    __atomic_fetch_add(&(a)->wefti_value, (v), __ATOMIC_ACQ_REL)
#define wefti_add_seq_cst(a, v) \
    __atomic_fetch_add(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

#define wefti_sub_relaxed(a, v) \
    __atomic_fetch_sub(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_sub_acquire(a, v) \
    __atomic_fetch_sub(&(a)->wefti_value, (v), __ATOMIC_ACQUIRE)
#define wefti_sub_release(a, v) \
    __atomic_fetch_sub(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_sub_acq_rel(a, v) \
    __atomic_fetch_sub(&(a)->wefti_value, (v), __ATOMIC_ACQ_REL)
#define wefti_sub_seq_cst(a, v) \
    __atomic_fetch_sub(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

#define wefti_and_relaxed(a, v) \
    __atomic_fetch_and(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_and_acquire(a, v) \
    __atomic_fetch_and(&(a)->wefti_value, (v), __ATOMIC_ACQUIRE)
#define wefti_and_release(a, v) \
    __atomic_fetch_and(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_and_acq_rel(a, v) \
    __atomic_fetch_and(&(a)->wefti_value, (v), __ATOMIC_ACQ_REL)
#define wefti_and_seq_cst(a, v) \
    __atomic_fetch_and(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

#define wefti_or_relaxed(a, v) \
    __atomic_fetch_or(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_or_acquire(a, v) \
    __atomic_fetch_or(&(a)->wefti_value, (v), __ATOMIC_ACQUIRE)
#define wefti_or_release(a, v) \
    __atomic_fetch_or(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_or_acq_rel(a, v) \
    __atomic_fetch_or(&(a)->wefti_value, (v), __ATOMIC_ACQ_REL)
#define wefti_or_seq_cst(a, v) \
    __atomic_fetch_or(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

#define wefti_xor_relaxed(a, v) \
    __atomic_fetch_xor(&(a)->wefti_value, (v), __ATOMIC_RELAXED)
#define wefti_xor_acquire(a, v) \
    __atomic_fetch_xor(&(a)->wefti_value, (v), __ATOMIC_ACQUIRE)
#define wefti_xor_release(a, v) \
    __atomic_fetch_xor(&(a)->wefti_value, (v), __ATOMIC_RELEASE)
#define wefti_xor_acq_rel(a, v) \
    __atomic_fetch_xor(&(a)->wefti_value, (v), __ATOMIC_ACQ_REL)
#define wefti_xor_seq_cst(a, v) \
    __atomic_fetch_xor(&(a)->wefti_value, (v), __ATOMIC_SEQ_CST)

/* One turn of a spin loop that waits for another thread's store: eases the
 * core, and tells the explorer that nothing changes until somebody stores. */
#ifdef WEFT_MODEL
WEFT_BEGIN_DECLS
void weft_model_yield(void);
WEFT_END_DECLS
#endif

WEFT_ALWAYS_INLINE void wefti_spin_hint(void)
{
#if defined(WEFT_MODEL)
    weft_model_yield();
#elif defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

#endif
