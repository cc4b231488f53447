/* Rounds of all cells, interleaved: within a round every workload in a random order, and for each
 * workload every allocator at once, in an order drawn anew. The baseline stands in it twice: the
 * second copy is the A/A control. Round 0 proves and counts, the baseline first, because its
 * answers are what the others are held against. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "../workloads/random.h"

static void *grow(void *array, size_t count, size_t element_bytes)
{
    void *grown = realloc(array, (count + 1) * element_bytes);
    if (!grown) abort(); /* a plan is a few kilobytes */
    memset((char *)grown + count * element_bytes, 0, element_bytes);
    return grown;
}

bool plan_add_contender(struct plan *plan, const char *spec, struct error *error)
{
    struct spec_description description;
    if (!spec_describe(spec, &description, error)) return false;
    for (size_t i = 0; i < plan->contender_count; i++) {
        if (!strcmp(plan->contenders[i].spec, spec)) return true;
    }
    plan->contenders = grow(plan->contenders, plan->contender_count, sizeof *plan->contenders);
    struct contender *contender = &plan->contenders[plan->contender_count++];
    contender->spec = strdup(spec);
    contender->is_replay_only = description.traits & TRAIT_REPLAY_ONLY;
    return true;
}

static void add_workload(struct plan *plan, const struct workload *workload)
{
    for (size_t i = 0; i < plan->task_count; i++) {
        if (!strcmp(plan->tasks[i].workload.name, workload->name)) return;
    }
    plan->tasks = grow(plan->tasks, plan->task_count, sizeof *plan->tasks);
    plan->tasks[plan->task_count++].workload = *workload;
}

bool plan_add_task(struct plan *plan, const char *name, struct error *error)
{
    struct workload workload;
    if (!workload_find(name, &workload, error)) return false;
    add_workload(plan, &workload);
    return true;
}

bool plan_add_all_contenders(struct plan *plan, struct error *error)
{
    const struct allocator *allocator;
    for (size_t i = 0; (allocator = registry_at(i)); i++) {
        if (allocator->traits & TRAIT_WRAPPER) continue;
        if (!plan_add_contender(plan, allocator->name, error)) return false;
    }
    return true;
}

bool plan_add_all_tasks(struct plan *plan, struct error *error)
{
    const struct workload *list = workload_list(error);
    if (!list) return false;
    for (const struct workload *at = list; *at->name; at++) add_workload(plan, at);
    free((void *)list);
    return true;
}

bool plan_open(struct plan *plan, struct error *error)
{
    *plan = (struct plan){0};
    add_workload(plan, &workload_contract);
    return plan_add_contender(plan, "libc", error) && plan_add_contender(plan, "null", error);
}

static void shuffle(unsigned *items, size_t count, struct random *random)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(random, i);
        unsigned kept = items[i - 1];
        items[i - 1] = items[other];
        items[other] = kept;
    }
}

static void add_cell(struct plan *plan, struct cell cell)
{
    const struct contender *contender = &plan->contenders[cell.contender];
    const struct workload *workload = &plan->tasks[cell.task].workload;
    bool is_contract = !strcmp(workload->name, workload_contract.name);
    if (contender->is_replay_only && workload->kind->is_program && !is_contract) return;
    plan->cells[plan->cell_count++] = cell;
}

static void draw_proof(struct plan *plan, struct random *random)
{
    for (unsigned task = 0; task < plan->task_count; task++) {
        for (unsigned contender = 0; contender < plan->contender_count; contender++) {
            unsigned padding = (unsigned)random_below(random, 4096);
            add_cell(plan, (struct cell){contender, task, 0, 0, padding});
        }
    }
}

/* One workload of one round: every contender and, as number contender_count, the other baseline. */
static void draw_group(struct plan *plan, unsigned round, unsigned task, struct random *random)
{
    unsigned order[plan->contender_count + 1];
    for (unsigned i = 0; i <= plan->contender_count; i++) order[i] = i;
    shuffle(order, plan->contender_count + 1, random);
    for (unsigned i = 0; i <= plan->contender_count; i++) {
        unsigned padding = (unsigned)random_below(random, 4096);
        bool is_copy = order[i] == plan->contender_count;
        unsigned contender = is_copy ? 0 : order[i];
        add_cell(plan, (struct cell){contender, task, round, is_copy, padding});
    }
}

void plan_draw(struct plan *plan)
{
    struct random random;
    size_t most = (plan->rounds + 1) * plan->task_count * (plan->contender_count + 1);
    unsigned tasks[plan->task_count];
    random_seed(&random, plan->seed);
    plan->cells = calloc(most, sizeof *plan->cells);
    if (!plan->cells) abort();
    draw_proof(plan, &random);
    for (unsigned round = 1; round <= plan->rounds; round++) {
        for (unsigned i = 0; i < plan->task_count; i++) tasks[i] = i;
        shuffle(tasks + 1, plan->task_count - 1, &random);
        for (unsigned i = 1; i < plan->task_count; i++) {
            draw_group(plan, round, tasks[i], &random);
        }
    }
}

void plan_close(struct plan *plan)
{
    for (size_t i = 0; i < plan->contender_count; i++) free(plan->contenders[i].spec);
    free(plan->contenders);
    free(plan->tasks);
    free(plan->cells);
    *plan = (struct plan){0};
}
