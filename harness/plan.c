/* Rounds of all cells, interleaved: within a round every workload in a random order, and for each
 * workload every allocator at once, in an order drawn anew. The baseline stands in it twice: the
 * second copy is the A/A control. Round 0 proves and counts, the baseline first, because its
 * answers are what the others are held against. */
#include "plan.h"

#include <jansson.h>
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

/* JSON knows nothing but UTF-8. */
bool plan_name_is_plain(const char *name, struct error *error)
{
    bool is_good = strlen(name) < NAME_MAXIMUM;
    for (const char *at = name; *at; at++) is_good &= (unsigned char)*at >= ' ' && *at != 127;
    json_t *text = json_string(name);
    is_good &= text != NULL;
    json_decref(text);
    return is_good ||
           error_set(error,
                     "a spec, or a workload with its options, has at most %d characters, all of "
                     "them printable UTF-8: %.60s",
                     NAME_MAXIMUM - 1, name);
}

bool plan_add_contender(struct plan *plan, const char *spec, struct error *error)
{
    struct spec_description description;
    if (!plan_name_is_plain(spec, error)) return false;
    if (!spec_describe(spec, &description, error)) return false;
    for (size_t i = 0; i < plan->contender_count; i++) {
        if (!strcmp(plan->contenders[i].spec, spec)) return true;
    }
    plan->contenders = grow(plan->contenders, plan->contender_count, sizeof *plan->contenders);
    struct contender *contender = &plan->contenders[plan->contender_count++];
    contender->spec = strdup(spec);
    contender->is_replay_only = description.traits & TRAIT_REPLAY_ONLY;
    contender->is_for_one_thread = !(description.traits & (TRAIT_THREAD_SAFE | TRAIT_WRAPPER));
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
    if (!plan_name_is_plain(name, error) || !workload_find(name, &workload, error)) return false;
    add_workload(plan, &workload);
    return true;
}

static bool add_all_contenders(struct plan *plan, unsigned without_traits, struct error *error)
{
    const struct allocator *allocator;
    for (size_t i = 0; (allocator = registry_at(i)); i++) {
        if (allocator->traits & without_traits) continue;
        if (!plan_add_contender(plan, allocator->name, error)) return false;
    }
    return true;
}

static bool add_all_tasks(struct plan *plan, bool is_short, struct error *error)
{
    const struct workload *list = workload_list(error);
    if (!list) return false;
    for (const struct workload *at = list; *at->name; at++) {
        if (!is_short || !at->is_rare) add_workload(plan, at);
    }
    free((void *)list);
    return true;
}

bool plan_add_contenders(struct plan *plan, const struct names *specs, bool is_short,
                         struct error *error)
{
    unsigned rare = is_short ? TRAIT_BY_NAME : 0;
    if (specs->count == 0) return add_all_contenders(plan, TRAIT_WRAPPER | rare, error);
    for (size_t i = 0; i < specs->count; i++) {
        bool is_added = strcmp(specs->at[i], "all")
                            ? plan_add_contender(plan, specs->at[i], error)
                            : add_all_contenders(plan, TRAIT_WRAPPER, error);
        if (!is_added) return false;
    }
    return true;
}

bool plan_add_tasks(struct plan *plan, const struct names *names, bool is_short,
                    struct error *error)
{
    if (names->count == 0) return add_all_tasks(plan, is_short, error);
    for (size_t i = 0; i < names->count; i++) {
        if (!plan_add_task(plan, names->at[i], error)) return false;
    }
    return true;
}

bool plan_identify(struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->contender_count; i++) {
        struct contender *contender = &plan->contenders[i];
        if (!identify_spec(contender->spec, &contender->provenance, error)) return false;
    }
    for (size_t i = 0; i < plan->task_count; i++) {
        struct task *task = &plan->tasks[i];
        if (!identify_workload(&task->workload, &task->provenance, error)) return false;
    }
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

/* The baseline's copy comes second: an answer that is not the same twice proves nothing. */
static void draw_proof(struct plan *plan, struct random *random)
{
    for (unsigned task = 0; task < plan->task_count; task++) {
        for (unsigned i = 0; i <= plan->contender_count; i++) {
            unsigned padding = (unsigned)random_below(random, 4096);
            bool is_copy = i == 1;
            unsigned contender = i ? i - 1 : 0;
            if (is_copy && task == 0) continue;
            add_cell(plan, (struct cell){contender, task, 0, is_copy, padding});
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
    size_t most = ((size_t)plan->rounds + 1) * plan->task_count * (plan->contender_count + 1);
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

bool plan_is_same(const struct plan *plan, const struct plan *other)
{
    bool is_same = plan->contender_count == other->contender_count &&
                   plan->task_count == other->task_count && plan->rounds == other->rounds &&
                   plan->seed == other->seed && plan->timeout_seconds == other->timeout_seconds;
    for (size_t i = 0; is_same && i < plan->contender_count; i++) {
        is_same = !strcmp(plan->contenders[i].spec, other->contenders[i].spec);
    }
    for (size_t i = 0; is_same && i < plan->task_count; i++) {
        is_same = !strcmp(plan->tasks[i].workload.name, other->tasks[i].workload.name);
    }
    return is_same;
}

void plan_close(struct plan *plan)
{
    for (size_t i = 0; i < plan->contender_count; i++) free(plan->contenders[i].spec);
    free(plan->contenders);
    free(plan->tasks);
    free(plan->cells);
    *plan = (struct plan){0};
}
