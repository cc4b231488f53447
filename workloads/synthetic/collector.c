/* One cycle is what Lua 5.1 does with its standard settings, pause 200 and step multiplier 200:
 *
 *     run      the program allocates until twice the survivors of the last cycle are alive
 *     mark     reads the survivors' blocks, 2,000 bytes to 1 KiB of new blocks
 *     sweep    strings by bucket, then the other objects newest first; reads each header and frees
 *              the dead; up to 200 buckets or objects to 1 KiB of new blocks
 *
 * So frees come in runs, and lifetimes scale with the heap. Who survives is drawn, see draw_fates;
 * what is born during the sweep outlives it, and so do strings born during the mark. Invariant: the
 * list of strings is a random permutation, which every insertion and removal keeps. Cost: O(1) an
 * object and phase; objects are compacted once a cycle.
 */
#include "collector.h"

#include "../../allocators/host.h"
#include "../../allocators/pages.h"

enum {
    STEP_NEW_BYTES = 1024,
    STEP_MARK_BYTES = 2000,
    STEP_SWEEP_OBJECTS = 200,
    STEP_SWEEP_STRINGS = 150,  /* in 200 buckets, as the table is half to wholly full */
    OBJECT_BYTES_MINIMUM = 16, /* bounds the number of objects */
    FAMILY_SIZE = 8,           /* mean */
    MARK_RUN = 32,             /* neighbours marked in a row */
    MARK_STRIDE = 7919,        /* runs from one to the next, round and round; a prime */
    YOUNG_SURVIVE = 220,
    OLD_SURVIVE = 720, /* of 1,000, before steering */
    SURVIVE_MEAN = 430,
    SURVIVE_LOWEST = 300,
    SURVIVE_HIGHEST = 600,
    PERMANENT_SHARE = 20 /* one part in so many of the survivors' bytes */
};

static bool list_open(struct object_list *list, size_t capacity)
{
    *list = (struct object_list){.capacity = capacity};
    list->items = pages_map(capacity * sizeof *list->items);
    return list->items != NULL;
}

static void list_close(struct object_list *list)
{
    if (list->items != NULL) pages_unmap(list->items, list->capacity * sizeof *list->items);
    list->items = NULL;
}

/* ---- the program */

static void insert(struct collector *collector, const struct object *object)
{
    struct object_list *list = object->is_string ? &collector->strings : &collector->objects;
    if (list->count == list->capacity) collector->trace->is_full = true;
    if (collector->trace->is_full) return;
    size_t place = list->count;
    if (object->is_string) {
        place = random_below(collector->random, list->count + 1);
        list->items[list->count] = list->items[place];
    }
    list->items[place] = *object;
    list->count++;
}

static void allocate(struct collector *collector, size_t bytes)
{
    struct trace *trace = collector->trace;
    size_t wanted = trace->live_bytes + bytes;
    while (trace->live_bytes < wanted && !trace->is_full) {
        struct object object;
        if (object_step(&collector->nursery, trace, collector->random, &object)) {
            insert(collector, &object);
        }
    }
}

/* ---- mark */

struct survival {
    unsigned young, old; /* of 1,000 */
};

static size_t old_bytes(const struct object_list *list, const struct trace *trace)
{
    size_t bytes = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].is_old) bytes += object_bytes(&list->items[i], trace);
    }
    return bytes;
}

/* Of all bytes about 43 % survive: fewer where more is alive than twice what is wanted, and the
 * other way round. The old survive more often than the young. */
static struct survival steer(const struct collector *collector)
{
    const struct trace *trace = collector->trace;
    size_t live = trace->live_bytes;
    size_t old = old_bytes(&collector->objects, trace) + old_bytes(&collector->strings, trace);
    size_t any = 2 * collector->survivor_bytes * SURVIVE_MEAN / live;
    if (any < SURVIVE_LOWEST) any = SURVIVE_LOWEST;
    if (any > SURVIVE_HIGHEST) any = SURVIVE_HIGHEST;
    size_t unsteered = (old * OLD_SURVIVE + (live - old) * YOUNG_SURVIVE) / live;
    return (struct survival){(unsigned)(YOUNG_SURVIVE * any / unsteered),
                             (unsigned)(OLD_SURVIVE * any / unsteered)};
}

/* Of the objects from `from` on. Families of neighbours in age share their fate, strings have each
 * their own. */
static void draw_fates(struct collector *collector, size_t from, const struct survival *survival)
{
    struct object_list *list = &collector->objects;
    bool is_dead = false, was_old = false;
    for (size_t i = from; i < list->count; i++) {
        struct object *object = &list->items[i];
        bool is_new_family = random_below(collector->random, FAMILY_SIZE) == 0;
        if (i == from || object->is_old != was_old || is_new_family) {
            unsigned chance = object->is_old ? survival->old : survival->young;
            is_dead = random_below(collector->random, 1000) >= chance;
            was_old = object->is_old;
        }
        object->is_dead = is_dead && i >= collector->permanent_count;
    }
}

static void draw_string_fates(struct collector *collector, const struct survival *survival)
{
    struct object_list *list = &collector->strings;
    for (size_t i = 0; i < list->count; i++) {
        unsigned chance = list->items[i].is_old ? survival->old : survival->young;
        list->items[i].is_dead = random_below(collector->random, 1000) >= chance;
    }
}

static size_t mark_object(struct collector *collector, const struct object *object)
{
    if (object->is_dead) return 0;
    object_visit(object, collector->trace);
    return object_bytes(object, collector->trace);
}

/* The strings' order is as random as that in which a mark comes upon them. */
static void mark_strings(struct collector *collector, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct object *string = &collector->strings.items[i];
        if (!string->is_dead) object_visit_header(string, collector->trace);
    }
}

/* Neighbours are marked in runs, as they often refer to each other; the runs in scattered order. */
static void mark(struct collector *collector)
{
    size_t object_count = collector->objects.count, string_count = collector->strings.count;
    size_t run_count = object_count / MARK_RUN + 1, marked_bytes = 0;
    if (run_count % MARK_STRIDE == 0) run_count++; /* else the stride would miss runs */
    for (size_t run = 0; run < run_count && !collector->trace->is_full; run++) {
        size_t start = run * MARK_STRIDE % run_count * MARK_RUN;
        for (size_t i = start; i < start + MARK_RUN && i < object_count; i++) {
            marked_bytes += mark_object(collector, &collector->objects.items[i]);
            if (marked_bytes < STEP_MARK_BYTES) continue;
            marked_bytes -= STEP_MARK_BYTES;
            allocate(collector, STEP_NEW_BYTES);
        }
        mark_strings(collector, run * string_count / run_count,
                     (run + 1) * string_count / run_count);
    }
}

/* ---- sweep */

/* A dead string's place is taken by the last one, which is as random as any. */
static void sweep_strings(struct collector *collector)
{
    struct object_list *list = &collector->strings;
    for (size_t i = 0, swept = 1; i < list->count && !collector->trace->is_full; swept++) {
        struct object *string = &list->items[i];
        object_visit_header(string, collector->trace);
        if (string->is_dead) {
            object_free(string, collector->trace);
            *string = list->items[--list->count];
        } else {
            string->is_old = true;
            i++;
        }
        if (swept % STEP_SWEEP_STRINGS == 0) allocate(collector, STEP_NEW_BYTES);
    }
}

static void sweep_object(struct collector *collector, struct object *object)
{
    object_visit_header(object, collector->trace);
    object->is_old = true;
    if (!object->is_dead) return;
    object_free(object, collector->trace);
    object->header = NO_BLOCK;
}

static void compact(struct object_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].header != NO_BLOCK) list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

static void sweep_objects(struct collector *collector)
{
    size_t swept = 0;
    for (size_t i = collector->objects.count; i-- > 0 && !collector->trace->is_full;) {
        sweep_object(collector, &collector->objects.items[i]);
        if (++swept % STEP_SWEEP_OBJECTS == 0) allocate(collector, STEP_NEW_BYTES);
    }
    compact(&collector->objects);
}

/* ---- the whole */

bool collector_open(struct collector *collector, struct trace *trace, struct random *random,
                    size_t survivor_bytes)
{
    *collector = (struct collector){trace, random, .survivor_bytes = survivor_bytes};
    nursery_open(&collector->nursery);
    trace->touches_blocks = true;
    size_t capacity = 4 * survivor_bytes / OBJECT_BYTES_MINIMUM;
    bool is_open = list_open(&collector->objects, capacity);
    is_open = list_open(&collector->strings, capacity) && is_open;
    if (is_open) allocate(collector, survivor_bytes / PERMANENT_SHARE);
    collector->permanent_count = collector->objects.count;
    return is_open;
}

static void enter(struct collector *collector, enum collector_phase phase)
{
    trace_mark(collector->trace, MARK_COLLECTION, phase);
}

void collector_cycle(struct collector *collector)
{
    size_t *live_bytes = &collector->trace->live_bytes, threshold = 2 * *live_bytes;
    if (threshold < collector->survivor_bytes) threshold = 2 * collector->survivor_bytes;
    if (*live_bytes < threshold) allocate(collector, threshold - *live_bytes);
    struct survival survival = steer(collector);
    size_t known = collector->objects.count;
    draw_fates(collector, 0, &survival);
    draw_string_fates(collector, &survival);
    enter(collector, COLLECTOR_MARKS);
    mark(collector);
    draw_fates(collector, known, &survival);
    enter(collector, COLLECTOR_SWEEPS_STRINGS);
    sweep_strings(collector);
    enter(collector, COLLECTOR_SWEEPS);
    sweep_objects(collector);
    enter(collector, COLLECTOR_RESTS);
}

static void free_all(struct collector *collector, struct object_list *list)
{
    while (list->count > 0) {
        const struct object *object = &list->items[--list->count];
        object_visit_header(object, collector->trace);
        object_free(object, collector->trace);
    }
}

void collector_close(struct collector *collector)
{
    for (size_t i = 0; i < NURSERY_SIZE; i++) {
        if (collector->nursery.tables[i].header == NO_BLOCK) continue;
        insert(collector, &collector->nursery.tables[i]);
    }
    free_all(collector, &collector->objects);
    free_all(collector, &collector->strings);
    list_close(&collector->objects);
    list_close(&collector->strings);
}
