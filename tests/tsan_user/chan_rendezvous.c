/* Channels of capacity 0: see chan.h for the program and what is planted. */
#define OPEN(name, tx, rx) name##_open(0, tx, rx)
#include "chan.h"
