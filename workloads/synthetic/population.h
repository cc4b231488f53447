/* The blocks that a generator has alive, in the order of their births, or of what the generator
 * keeps them in. Memory comes from pages; a population that finds none marks its trace as full. */
#ifndef POPULATION_H
#define POPULATION_H

#include "../random.h"
#include "../trace.h"

struct population {
    struct trace *trace;
    uint32_t *slots; /* from `first` up to `end` */
    size_t first, end, capacity;
};

void population_open(struct population *population, struct trace *trace);

/* Frees the blocks that are left, the newest first, and the memory. */
void population_close(struct population *population);

/* Forgets the blocks that are left: they outlive the trace. */
void population_abandon(struct population *population);

static inline size_t population_count(const struct population *population)
{
    return population->end - population->first;
}

void population_add(struct population *population, uint32_t slot);
void population_bear(struct population *population, size_t bytes); /* a new block, added */

/* Not of an empty one. The last two do not free; any disturbs the order of the others. */
void population_free_newest(struct population *population);
void population_free_oldest(struct population *population);
void population_free_any(struct population *population, struct random *random);
uint32_t population_take_any(struct population *population, struct random *random);
uint32_t population_take_oldest(struct population *population);

/* Frees any of them until at most so many blocks are left. */
void population_thin(struct population *population, size_t count, struct random *random);

#endif
