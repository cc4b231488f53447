/* One number that many threads add to and take from.
 *
 * Every operation is relaxed: the number guards no other memory, and the atomic operations on one
 * variable have one order that all threads agree on, which is all that the sum needs.
 */
#include "budget.h"

#include <assert.h>

#include "limit.h"

void budget_begin(struct budget *budget, size_t bytes)
{
    budget->bytes = bytes;
    atomic_init(&budget->used, 0);
    atomic_init(&budget->peak, 0);
    atomic_init(&budget->refused, 0);
}

void budget_read(struct budget *budget, struct budget_state *out)
{
    /* Relaxed: four numbers, each right at some moment of this call. */
    *out = (struct budget_state){
        budget->bytes,
        atomic_load_explicit(&budget->used, memory_order_relaxed),
        atomic_load_explicit(&budget->peak, memory_order_relaxed),
        atomic_load_explicit(&budget->refused, memory_order_relaxed),
    };
}

/* Relaxed: the exchange fails when another thread has raised the peak, and shows what to. */
void budget_keep(struct budget *budget)
{
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    size_t peak = atomic_load_explicit(&budget->peak, memory_order_relaxed);
    while (peak < used &&
           !atomic_compare_exchange_weak_explicit(&budget->peak, &peak, used, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

/* A sum is stored only if it is within the budget, so that no other growth is refused because of
 * one that is refused itself. */
bool budget_charge(struct budget *budget, size_t bytes)
{
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    do {
        if (used > budget->bytes || bytes > budget->bytes - used) {
            /* Relaxed: a count that is only read as a figure. */
            atomic_fetch_add_explicit(&budget->refused, 1, memory_order_relaxed);
            return false;
        }
        /* Relaxed: the exchange itself is what two threads cannot both win. */
    } while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

void budget_force(struct budget *budget, size_t bytes)
{
    /* Relaxed: the sum alone matters. */
    atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed);
}

void budget_give_back(struct budget *budget, size_t bytes)
{
    /* Relaxed: the room is memory's only in number; blocks pass between threads elsewhere. */
    size_t before = atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
    assert(before >= bytes);
}

size_t budget_room(struct budget *budget)
{
    /* Relaxed: a hint of when to collect, out of date at once. */
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    return used < budget->bytes ? budget->bytes - used : 0;
}

bool budget_join(struct heap *heap, struct budget *budget)
{
    struct limit *limit = limit_find(heap);
    if (!limit) return false;
    if (budget == limit->budget) return true; /* what is used is charged already */
    if (budget && !budget_charge(budget, limit->used)) return false;
    if (limit->budget) budget_give_back(limit->budget, limit->used);
    limit->budget = budget;
    if (budget) budget_keep(budget);
    limit_refresh(limit);
    return true;
}
