/* A budget of bytes that several heaps share, each with a limit of its own and on any thread.
 *
 * What all of them use together never exceeds the budget: a growth that would is refused, as if it
 * were beyond the heap's own limit. Each call on such a heap that changes its use costs one atomic
 * operation.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct heap;

/* Read by budget_read; outlives the heaps that have joined. */
struct budget {
    size_t bytes;
    atomic_size_t used, peak, refused;
};

struct budget_state {
    size_t bytes, used, peak; /* bytes */
    size_t refused;           /* growths */
};

void budget_begin(struct budget *budget, size_t bytes);
void budget_read(struct budget *budget, struct budget_state *out);

/* From now on the heap's outermost limit charges there, beginning with what it uses already, and
 * gives all back when it is closed. Leaves the budget it was in; NULL: joins none. False when no
 * layer is a limit or the budget has no room for what is used; then nothing has changed. */
bool budget_join(struct heap *heap, struct budget *budget);

/* ---- for limits */

/* False, and counted as refused, when there is no such room. */
bool budget_charge(struct budget *budget, size_t bytes);

/* Room or not. */
void budget_force(struct budget *budget, size_t bytes);

/* What was charged is used: raises the peak. */
void budget_keep(struct budget *budget);

void budget_give_back(struct budget *budget, size_t bytes);

/* At this moment; others may take it. */
size_t budget_room(struct budget *budget);

#endif
