#include "peers/peers.h"
#include "peers/work.h"

#if BENCH_HAS_GLIB

#include <glib.h>

BENCH_LOCK(, peer_glib_mutex, "GLib GMutex", BENCH_PEER, GMutex, g_mutex_init,
           g_mutex_lock, g_mutex_unlock);

#else

BENCH_MISSING(peer_glib_mutex, "GLib GMutex", "needs libglib2.0-dev");

#endif
