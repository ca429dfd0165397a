/* The ways out of WEFT_SPIN, in frames that cannot be unwound. */
#include "unit/sync/spinlock_ways.h"

const spin_way nofx_spin_ways[SPIN_WAYS] = SPIN_WAYS_TABLE;
