/* A binary heap in an array. Invariant: no entry is due before its parent, (i - 1) / 2. Ties are
 * told apart by slot, so that the order does not depend on the heap's shape. Cost: O(log n). */
#include "agenda.h"

#include <string.h>

#include "../../allocators/pages.h"

enum { FIRST_CAPACITY = 1024 };

void agenda_open(struct agenda *agenda, struct trace *trace)
{
    *agenda = (struct agenda){.trace = trace};
}

void agenda_close(struct agenda *agenda)
{
    if (agenda->entries == NULL) return;
    pages_unmap(agenda->entries, agenda->capacity * sizeof *agenda->entries);
    agenda_open(agenda, agenda->trace);
}

static bool make_room(struct agenda *agenda)
{
    size_t capacity = agenda->capacity ? 2 * agenda->capacity : FIRST_CAPACITY;
    struct agenda_entry *entries = pages_map(capacity * sizeof *entries);
    if (entries == NULL) return false;
    size_t count = agenda->count;
    if (count > 0) memcpy(entries, agenda->entries, count * sizeof *entries);
    agenda_close(agenda);
    *agenda = (struct agenda){agenda->trace, entries, count, capacity};
    return true;
}

static bool is_before(const struct agenda_entry *left, const struct agenda_entry *right)
{
    if (left->time != right->time) return left->time < right->time;
    return left->slot < right->slot;
}

void agenda_add(struct agenda *agenda, uint64_t time, uint32_t slot)
{
    if (agenda->count == agenda->capacity && !make_room(agenda)) agenda->trace->is_full = true;
    if (agenda->trace->is_full) return;
    struct agenda_entry entry = {time, slot};
    size_t place = agenda->count++;
    while (place > 0 && is_before(&entry, &agenda->entries[(place - 1) / 2])) {
        agenda->entries[place] = agenda->entries[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    agenda->entries[place] = entry;
}

static void remove_first(struct agenda *agenda)
{
    struct agenda_entry entry = agenda->entries[--agenda->count];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < agenda->count; place = child) {
        struct agenda_entry *children = &agenda->entries[child];
        if (child + 1 < agenda->count && is_before(&children[1], &children[0])) child++;
        if (!is_before(&agenda->entries[child], &entry)) break;
        agenda->entries[place] = agenda->entries[child];
    }
    agenda->entries[place] = entry;
}

bool agenda_free_due(struct agenda *agenda, uint64_t now)
{
    if (agenda->count == 0 || agenda->entries[0].time > now) return false;
    trace_free(agenda->trace, agenda->entries[0].slot);
    remove_first(agenda);
    return true;
}
