/* A process may allocate before its C library is ready: the first allocation then finds no
 * environment yet, and settings are read by the constructor. Fork handlers wait for it in any case,
 * as taking them may allocate. */
#include "start.h"

#include "settings.h"
#include "synchronisation.h"
#include "thread_data.h"

static struct {
    struct lock lock;
    _Atomic bool is_done;
} start;

static void begin(void)
{
    settings_read_environment();
    system_at_thread_exit(thread_end);
    /* release: who sees the start done sees all that it did. */
    atomic_store_explicit(&start.is_done, true, memory_order_release);
}

void start_corona(void)
{
    if (atomic_load_explicit(&start.is_done, memory_order_acquire)) return;
    lock_take(&start.lock);
    if (!atomic_load_explicit(&start.is_done, memory_order_relaxed)) begin();
    lock_drop(&start.lock);
}

__attribute__((constructor)) static void finish_start(void)
{
    start_corona();
    settings_read_environment();
    if (settings_are_watching()) threads_watch();
    system_at_fork(threads_lock, threads_unlock, threads_unlock_in_child);
}
