/* Births and deaths of Lua's objects, call by call as Lua 5.1.5 makes them.
 *
 *     string, closure, upvalue   one block
 *     table                      header of 64 B, array part of 16 each, hash part of 40 * 2^k
 *
 * A table without an array part asks (NULL, 0, 0) for it at its birth and again at its death.
 * Array parts grow by realloc, always double. Hash parts never: the new one is born, then the old
 * one freed, which makes most of the blocks that die young. Weights are chosen so that sizes, and
 * calls of each kind, come near the means of 36 programs. Cost: O(1) a step.
 */
#include "lua_objects.h"

#include "lua_sizes.h"

enum { TABLE_BYTES = 64, UPVALUE_BYTES = 40, ELEMENT_BYTES = 16, NODE_BYTES = 40 };

/* Steps of each kind, of their sum. */
enum {
    STRINGS = 240,
    UPVALUES = 80,
    CLOSURES = 75,
    TUPLES = 45,    /* tables with an array part of known length */
    RECORDS = 60,   /* tables with a hash part of known size */
    ADVANCES = 470, /* of a table in the nursery: born empty, then growing */
    ALL_STEPS = STRINGS + UPVALUES + CLOSURES + TUPLES + RECORDS + ADVANCES
};

/* Of 100 tables in the nursery: how many become lists, and how many are finished at each growth. Of
 * large ones over half are, or parts that double would have no mean size. */
enum {
    LISTS = 53,
    LISTS_FINISHED = 58,
    SMALL_RECORDS_FINISHED = 25,
    LARGE_RECORDS_FINISHED = 65,
    LARGE_RECORD_BYTES = 160,
    PART_BYTES_MAXIMUM = 64 << 10
};

static bool happens(struct random *random, unsigned percent)
{
    return random_below(random, 100) < percent;
}

static struct object bear_plain(struct trace *trace, size_t bytes)
{
    return (struct object){trace_new(trace, bytes), NO_BLOCK, NO_BLOCK, .is_table = false};
}

/* A size of 0 stands for a part that is not there. */
static struct object bear_table(struct trace *trace, size_t array_bytes, size_t hash_bytes)
{
    struct object table = bear_plain(trace, TABLE_BYTES);
    table.is_table = true;
    if (array_bytes != 0) table.array = trace_new(trace, array_bytes);
    else trace_query(trace);
    if (hash_bytes != 0) table.hash = trace_new(trace, hash_bytes);
    return table;
}

static struct object bear_string(struct trace *trace, struct random *random)
{
    struct object string = bear_plain(trace, size_draw(lua_string_sizes, random));
    string.is_string = true;
    return string;
}

static void grow_array(struct object *table, struct trace *trace)
{
    if (table->array == NO_BLOCK) table->array = trace_new(trace, ELEMENT_BYTES);
    else trace_resize(trace, table->array, 2 * (size_t)trace->sizes[table->array]);
}

static void grow_hash(struct object *table, struct trace *trace)
{
    uint32_t old = table->hash;
    size_t old_bytes = old == NO_BLOCK ? NODE_BYTES / 2 : trace->sizes[old];
    table->hash = trace_new(trace, 2 * old_bytes);
    if (old != NO_BLOCK) trace_free(trace, old);
}

static unsigned finished_percent(bool is_list, size_t bytes)
{
    if (bytes >= PART_BYTES_MAXIMUM) return 100;
    if (is_list) return LISTS_FINISHED;
    return bytes < LARGE_RECORD_BYTES ? SMALL_RECORDS_FINISHED : LARGE_RECORDS_FINISHED;
}

/* A new table's first growth decides what it becomes. True when the table is finished. */
static bool advance(struct object *table, struct trace *trace, struct random *random)
{
    if (trace->is_full) return false;
    bool is_new = table->array == NO_BLOCK && table->hash == NO_BLOCK;
    bool is_list = is_new ? happens(random, LISTS) : table->array != NO_BLOCK;
    if (is_list) grow_array(table, trace);
    else grow_hash(table, trace);
    size_t bytes = trace->is_full ? 0 : trace->sizes[is_list ? table->array : table->hash];
    return happens(random, finished_percent(is_list, bytes));
}

static bool advance_any(struct nursery *nursery, struct trace *trace, struct random *random,
                        struct object *out)
{
    struct object *table = &nursery->tables[random_below(random, NURSERY_SIZE)];
    if (table->header == NO_BLOCK) {
        *table = bear_table(trace, 0, 0);
        return false;
    }
    if (!advance(table, trace, random)) return false;
    *out = *table;
    table->header = NO_BLOCK;
    return true;
}

void nursery_open(struct nursery *nursery)
{
    for (size_t i = 0; i < NURSERY_SIZE; i++) nursery->tables[i].header = NO_BLOCK;
}

bool object_step(struct nursery *nursery, struct trace *trace, struct random *random,
                 struct object *out)
{
    unsigned drawn = (unsigned)random_below(random, ALL_STEPS);
    if (drawn < ADVANCES) return advance_any(nursery, trace, random, out);
    drawn -= ADVANCES;
    if (drawn < STRINGS) *out = bear_string(trace, random);
    else if ((drawn -= STRINGS) < RECORDS) {
        *out = bear_table(trace, 0, size_draw(lua_record_sizes, random));
    } else if ((drawn -= RECORDS) < TUPLES) {
        *out = bear_table(trace, size_draw(lua_tuple_sizes, random), 0);
    } else if (drawn - TUPLES < CLOSURES) {
        *out = bear_plain(trace, size_draw(lua_closure_sizes, random));
    } else {
        *out = bear_plain(trace, UPVALUE_BYTES);
    }
    return true;
}

void object_free(const struct object *object, struct trace *trace)
{
    if (object->hash != NO_BLOCK) trace_free(trace, object->hash);
    if (object->array != NO_BLOCK) trace_free(trace, object->array);
    else if (object->is_table) trace_query(trace);
    trace_free(trace, object->header);
}

void object_visit_header(const struct object *object, struct trace *trace)
{
    trace_visit(trace, object->header);
}

void object_visit(const struct object *object, struct trace *trace)
{
    trace_visit(trace, object->header);
    if (object->array != NO_BLOCK) trace_visit(trace, object->array);
    if (object->hash != NO_BLOCK) trace_visit(trace, object->hash);
}

size_t object_bytes(const struct object *object, const struct trace *trace)
{
    size_t bytes = trace->sizes[object->header];
    if (object->array != NO_BLOCK) bytes += trace->sizes[object->array];
    return object->hash == NO_BLOCK ? bytes : bytes + trace->sizes[object->hash];
}
