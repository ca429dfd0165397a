/* Channels of no capacity: see chan.h for the program and what is planted. */
#define OPEN(name, tx, rx) name##_open_unbounded(tx, rx)
#include "chan.h"
