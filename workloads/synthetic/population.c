/* An array of slots, taken from at either end or anywhere; what is taken from the middle is
 * replaced by the last. Room is made at the end: by moving all to the start where half of it is
 * free, else by doubling. Invariant: slots[first .. end) are alive in the trace. Cost: O(1)
 * amortised. */
#include "population.h"

#include <assert.h>
#include <string.h>

#include "../../allocators/pages.h"

enum { FIRST_CAPACITY = 1024 };

void population_open(struct population *population, struct trace *trace)
{
    *population = (struct population){.trace = trace};
}

void population_abandon(struct population *population)
{
    if (population->slots == NULL) return;
    pages_unmap(population->slots, population->capacity * sizeof *population->slots);
    population_open(population, population->trace);
}

void population_close(struct population *population)
{
    while (population_count(population) > 0) population_free_newest(population);
    population_abandon(population);
}

static bool make_room(struct population *population)
{
    size_t count = population_count(population), capacity = population->capacity;
    uint32_t *slots = population->slots;
    if (population->first <= capacity / 2) {
        capacity = capacity ? 2 * capacity : FIRST_CAPACITY;
        slots = pages_map(capacity * sizeof *slots);
        if (slots == NULL) return false;
    }
    if (count > 0) memmove(slots, population->slots + population->first, count * sizeof *slots);
    if (slots != population->slots) population_abandon(population);
    *population = (struct population){population->trace, slots, 0, count, capacity};
    return true;
}

void population_add(struct population *population, uint32_t slot)
{
    if (population->end == population->capacity && !make_room(population)) {
        population->trace->is_full = true;
    }
    if (!population->trace->is_full) population->slots[population->end++] = slot;
}

void population_bear(struct population *population, size_t bytes)
{
    population_add(population, trace_new(population->trace, bytes));
}

/* Only a full trace can lack what its generator believes to be there. */
static bool is_lost(const struct population *population)
{
    assert(population_count(population) > 0 || population->trace->is_full);
    return population_count(population) == 0;
}

void population_free_newest(struct population *population)
{
    if (is_lost(population)) return;
    trace_free(population->trace, population->slots[--population->end]);
}

uint32_t population_take_oldest(struct population *population)
{
    return is_lost(population) ? 0 : population->slots[population->first++];
}

void population_free_oldest(struct population *population)
{
    trace_free(population->trace, population_take_oldest(population));
}

uint32_t population_take_any(struct population *population, struct random *random)
{
    if (is_lost(population)) return 0;
    uint32_t *taken =
        &population->slots[population->first + random_below(random, population_count(population))];
    uint32_t slot = *taken;
    *taken = population->slots[--population->end];
    return slot;
}

void population_free_any(struct population *population, struct random *random)
{
    trace_free(population->trace, population_take_any(population, random));
}

void population_thin(struct population *population, size_t count, struct random *random)
{
    while (population_count(population) > count) population_free_any(population, random);
}
