/* Channels of capacity 2: see chan.h for the program and what is planted. */
#define OPEN(name, tx, rx) name##_open(2, tx, rx)
#include "chan.h"
