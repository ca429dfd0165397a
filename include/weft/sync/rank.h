/* Lock ranks: an order of locks that the compiler checks. */
#ifndef WEFT_SYNC_RANK_H
#define WEFT_SYNC_RANK_H

#include <weft/sync/mutex.h>

/* WEFT_LOCK_RANK(name, r); gives the mutexes of type `name` (weft_mutex, or one
 * made by WEFT_MUTEX_DEFINE) a rank, a positive integer constant: the step of a
 * stair that threads only climb. WEFT_LOCK_RANKED is WEFT_LOCK for such a type;
 * inside of its block only locks of higher ranks compile. Two threads whose
 * locks are taken in ascending order cannot wait for each other.
 *
 *     WEFT_MUTEX_DEFINE(bank, account);
 *     WEFT_MUTEX_DEFINE(journal, entry);
 *     WEFT_LOCK_RANK(bank, 10);
 *     WEFT_LOCK_RANK(journal, 20);       // invariant: never a bank under it
 *
 *     WEFT_LOCK_RANKED(bank, b, &mine) {
 *         WEFT_LOCK_RANKED(journal, j, &ours) { ... }
 *     }
 *
 * Two of one rank do not nest either: which comes first is then a question of
 * their addresses, which no compiler knows. Lexical: locks that callers hold
 * are not seen; for locks that have names of their own, WEFT_ACQUIRED_AFTER in
 * <weft/base/own.h> goes through calls. In C++ the ranks are not checked. */
#define WEFT_LOCK_RANK(NAME, r)                                      \
    WEFT_STATIC_ASSERT((r) > 0, "the lowest rank of a lock is one"); \
    enum { NAME##_weft_rank = (r) }

#define WEFT_LOCK_RANKED(NAME, g, m) \
    WEFTI_LOCK_LOOP(NAME, g, m) WEFTI_RANKED_BLOCK(NAME, NAME##_weft_rank)

/* The tag tells the rank held here: its size is one more. */
#ifndef __cplusplus
struct wefti_lock_rank {
    char none[1];
};
#define WEFTI_RANKED_BLOCK(NAME, r)                                   \
    switch (sizeof(struct wefti_lock_scope {                          \
        WEFT_STATIC_ASSERT((r) >= sizeof(struct wefti_lock_rank),     \
                           "lock order: the rank of " #NAME           \
                           " is not above that of a lock held here"); \
        struct wefti_lock_rank {                                      \
            char held[(r) + 1];                                       \
        } rank;                                                       \
    }))                                                               \
    default:
#else
#define WEFTI_RANKED_BLOCK(NAME, r) WEFTI_LOCK_BLOCK
#endif

#endif
