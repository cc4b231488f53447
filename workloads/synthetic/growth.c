/* An array of 16-byte elements pushed one by one to 10,000, under three rules of growth: twice the
 * room, one and a half times the room, 1,000 more. The first two start with room for 4.
 *
 * Two arrays take turns, so that neither stays the last block of the heap, where every growth would
 * be free. New room is touched when it comes. The checksum proves that contents moved along.
 *
 * Counts published for 10,000 elements, as reallocations, copied elements, final room, are 14,
 * 19,996 and 16,384 for doubling; 25, 29,500 and 13,122 for one and a half; 10, 45,000 and 10,000
 * for 1,000 more. With every room rounded down to whole elements and the first allocation counted,
 * as the last of these needs, the truth is: 13, 16,380 and 16,384; 21, 24,278 and 12,138; and as
 * published.
 */
#include "growth.h"

#include "generators.h"

size_t growth_by_double(size_t room)
{
    return room ? 2 * room : 4;
}

size_t growth_by_half(size_t room)
{
    return room ? room + room / 2 : 4;
}

size_t growth_by_1000(size_t room)
{
    return room + 1000;
}

struct growth_counts growth_count(growth_fn *next_room, size_t elements)
{
    struct growth_counts counts = {0};
    while (counts.room < elements) {
        counts.reallocations++;
        counts.copied_elements += counts.room;
        counts.room = next_room(counts.room);
    }
    return counts;
}

static bool grow_pair(struct trace *trace, growth_fn *next_room)
{
    trace->touches_blocks = true;
    size_t room = next_room(0);
    uint32_t first = trace_new(trace, room * GROWTH_ELEMENT_BYTES);
    uint32_t second = trace_new(trace, room * GROWTH_ELEMENT_BYTES);
    while (room < GROWTH_ELEMENTS) {
        room = next_room(room);
        trace_resize(trace, first, room * GROWTH_ELEMENT_BYTES);
        trace_resize(trace, second, room * GROWTH_ELEMENT_BYTES);
    }
    trace_visit(trace, first);
    trace_free(trace, first);
    trace_visit(trace, second);
    trace_free(trace, second);
    return !trace->is_full;
}

bool generate_growth_double(struct trace *trace, struct random *random)
{
    (void)random;
    return grow_pair(trace, growth_by_double);
}

bool generate_growth_half(struct trace *trace, struct random *random)
{
    (void)random;
    return grow_pair(trace, growth_by_half);
}

bool generate_growth_1000(struct trace *trace, struct random *random)
{
    (void)random;
    return grow_pair(trace, growth_by_1000);
}
