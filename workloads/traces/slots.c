/* Two arrays that double, of sizes and of free slots. Invariant: a slot on the stack, or not used
 * yet, has size 0. Cost: O(1) a slot, amortised; mremap moves the pages.
 */
#include "slots.h"

#include <string.h>
#include <sys/mman.h>

#include "../../allocators/pages.h"

enum { FIRST_CAPACITY = 4096 };

static void *grow(void *items, size_t old_bytes, size_t new_bytes)
{
    if (items == NULL) return pages_map(new_bytes);
    void *grown = mremap(items, old_bytes, new_bytes, MREMAP_MAYMOVE);
    return grown == MAP_FAILED ? NULL : grown;
}

/* One that grew and another that could not: the pages beyond are unused, and given back. */
static bool grow_to(struct slots *slots, uint32_t capacity)
{
    size_t old_bytes = slots->capacity * sizeof(uint32_t), new_bytes = capacity * sizeof(uint32_t);
    uint32_t *sizes = grow(slots->sizes, old_bytes, new_bytes);
    if (sizes == NULL) return false;
    slots->sizes = sizes;
    uint32_t *free_slots = grow(slots->free_slots, old_bytes, new_bytes);
    if (free_slots == NULL) {
        if (old_bytes == 0) slots->sizes = NULL;
        pages_unmap((char *)sizes + old_bytes, new_bytes - old_bytes);
        return false;
    }
    slots->free_slots = free_slots;
    slots->capacity = capacity;
    return true;
}

bool slots_reserve(struct slots *slots, uint32_t takes)
{
    uint64_t needed = (uint64_t)slots->count + takes, capacity = slots->capacity;
    if (takes <= slots->free_count || needed <= capacity) return true;
    if (capacity == 0) capacity = FIRST_CAPACITY;
    while (capacity < needed) capacity *= 2;
    return capacity <= SLOT_MAXIMUM && grow_to(slots, (uint32_t)capacity);
}

void slots_forget(struct slots *slots)
{
    if (slots->count > 0) memset(slots->sizes, 0, slots->count * sizeof *slots->sizes);
    slots->count = slots->free_count = 0;
}

void slots_close(struct slots *slots)
{
    size_t bytes = slots->capacity * sizeof(uint32_t);
    if (bytes > 0) {
        pages_unmap(slots->sizes, bytes);
        pages_unmap(slots->free_slots, bytes);
    }
    *slots = (struct slots){0};
}
