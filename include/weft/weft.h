/* All of weft. */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include <weft/base/alloc.h>
#include <weft/base/asym.h>
#include <weft/base/atomic.h>
#include <weft/base/borrow.h>
#include <weft/base/checked.h>
#include <weft/base/config.h>
#include <weft/base/own.h>
#include <weft/base/panic.h>
#include <weft/base/self.h>
#include <weft/base/send.h>
#include <weft/base/status.h>
#include <weft/base/time.h>
#include <weft/base/unwind.h>
#include <weft/chan/chan.h>
#include <weft/chan/chan_define.h>
#include <weft/mem/arc.h>
#include <weft/mem/counted.h>
#include <weft/mem/rc.h>
#include <weft/par/collect.h>
#include <weft/par/for.h>
#include <weft/par/job.h>
#include <weft/par/pool.h>
#include <weft/par/reduce.h>
#include <weft/par/split.h>
#include <weft/par/task.h>
#include <weft/queue/deque.h>
#include <weft/sync/atomic.h>
#include <weft/sync/guarded.h>
#include <weft/sync/mutex.h>
#include <weft/sync/rank.h>
#include <weft/sync/spinlock.h>
#include <weft/thread/cpu.h>
#include <weft/thread/park.h>
#include <weft/thread/scope.h>
#include <weft/thread/thread.h>
#include <weft/thread/typed.h>

#endif
