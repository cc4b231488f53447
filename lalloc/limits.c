/* The limits and budgets of the library: those of the wrappers, under public names. */
#include "handle.h"

#include "../allocators/pages.h"
#include "../allocators/limits/limit.h"

bool lalloc_set_limit(struct lalloc_heap *heap, size_t bytes, bool strict)
{
    return limit_set(heap->layers, bytes, strict);
}

struct lalloc_budget *lalloc_budget_open(size_t bytes)
{
    struct lalloc_budget *budget = pages_map(sizeof *budget);
    if (budget) budget_begin(&budget->budget, bytes);
    return budget;
}

bool lalloc_budget_join(struct lalloc_budget *budget, struct lalloc_heap *heap)
{
    return budget_join(heap->layers, budget ? &budget->budget : NULL);
}

void lalloc_budget_read(const struct lalloc_budget *budget, struct lalloc_budget_statistics *out)
{
    struct budget_state state;
    budget_read((struct budget *)&budget->budget, &state);
    *out = (struct lalloc_budget_statistics){state.bytes, state.used, state.peak, state.refused};
}

void lalloc_budget_close(struct lalloc_budget *budget)
{
    if (budget) pages_unmap(budget, sizeof *budget);
}
