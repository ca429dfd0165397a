/* The others: what weft is measured against, ready to be put into a group.
 *
 * Each one does the workload of its section as a user of that library would
 * write it, with the whole loop in its own language. One that cannot be built
 * here is still defined, and says why. */
#ifndef BENCH_PEERS_PEERS_H
#define BENCH_PEERS_PEERS_H

#include "harness/harness.h"

/* Locks: lock, add one to a counter beside the lock, unlock. */
extern const bench_contender peer_pthread_mutex;
extern const bench_contender peer_pthread_spin;
extern const bench_contender peer_c11_mutex;
extern const bench_contender peer_glib_mutex;
extern const bench_contender peer_ck_fas;
extern const bench_contender peer_rust_mutex;
extern const bench_contender peer_parking_lot;
extern const bench_contender floor_fetch_add; /* the counter alone */
extern const bench_contender floor_swap_store;
extern const bench_contender floor_cas_swap;

/* Reference counts: one more owner, one less; all threads share one object. */
extern const bench_contender peer_c11_count;
extern const bench_contender peer_rust_arc;

/* Channels: thread 0 receives what all others send, 8 bytes a message, and
 * adds it up. The group's param is the capacity; 0 is a rendezvous. */
#define BENCH_UNBOUNDED UINT64_MAX
extern const bench_contender peer_cond_ring;
extern const bench_contender peer_rust_mpsc;
extern const bench_contender peer_crossbeam;
extern const bench_contender peer_ck_ring_spsc;
extern const bench_contender peer_ck_ring_mpsc;
extern const bench_contender peer_ck_fifo_spsc;

/* The sum of the squares of the first `param` values of bench_values. */
extern const bench_contender peer_serial_sum;
extern const bench_contender peer_openmp_sum;
extern const bench_contender peer_rayon_sum;
extern const bench_contender peer_rayon_sum_inside;

/* fib(param), a task for each call. */
extern const bench_contender peer_serial_fib;
extern const bench_contender peer_openmp_fib;
extern const bench_contender peer_rayon_fib;

/* Start a thread and join it; in a scope, two. */
extern const bench_contender peer_pthread_spawn;
extern const bench_contender peer_rust_spawn;
extern const bench_contender peer_pthread_pair;
extern const bench_contender peer_rust_scope;

#endif
