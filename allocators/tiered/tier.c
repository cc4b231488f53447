/* The slow half of a tier: pages change hands here. All of it is O(1) but for tier_trim and
 * tier_count, which say what they pass over. */
#include "tier.h"

#define RESERVE_BYTES ((size_t)64 << 30) /* address space: 2^23 of the smallest pages */
#define LEAST_BYTES ((size_t)1 << 20)

enum { RETURNED_AT_ONCE = 64 };

static size_t page_bytes(const struct tier *tier)
{
    return (size_t)1 << tier->page_shift;
}

static char *page_start(const struct tier *tier, uint32_t index)
{
    return tier->start + ((size_t)index << tier->page_shift);
}

static void push(struct tier *tier, uint32_t *list, uint32_t index)
{
    struct page *page = &tier->pages[index];
    page->next = *list;
    page->previous = 0;
    if (*list) tier->pages[*list].previous = index;
    *list = index;
}

static void unlink_page(struct tier *tier, uint32_t *list, uint32_t index)
{
    struct page *page = &tier->pages[index];
    if (page->previous) tier->pages[page->previous].next = page->next;
    else *list = page->next;
    if (page->next) tier->pages[page->next].previous = page->previous;
}

static uint32_t pop(struct tier *tier, uint32_t *list)
{
    uint32_t index = *list;
    if (index) unlink_page(tier, list, index);
    return index;
}

static uint32_t cut_page(struct tier *tier)
{
    char *start = arena_take(&tier->region, page_bytes(tier));
    if (start == NULL) return 0;
    if (arena_take(&tier->records, sizeof(struct page)) == NULL) {
        tier->region.used_end = start;
        return 0;
    }
    memory_grow(tier->memory, page_bytes(tier));
    if (start >= tier->populated_end)
        tier->populated_end = memory_populate(tier->memory, start, tier->region.usable_end);
    return tier->page_count++;
}

static uint32_t take_page(struct tier *tier)
{
    uint32_t index = pop(tier, &tier->empty);
    if (index) {
        tier->empty_count--;
        tier->memory->kept_bytes -= page_bytes(tier);
        return index;
    }
    index = pop(tier, &tier->returned);
    if (!index) return cut_page(tier);
    tier->returned_count--;
    memory_grow(tier->memory, page_bytes(tier));
    return index;
}

static uint32_t block_count(const struct tier *tier, size_t class_index)
{
    uint32_t count = (uint32_t)page_bytes(tier) / tier->classes[class_index].block_bytes;
    return count < PAGE_WORDS * 64 ? count : PAGE_WORDS * 64;
}

static void set_class(struct tier *tier, struct page *page, size_t class_index)
{
    uint32_t bytes = tier->classes[class_index].block_bytes;
    uint32_t count = block_count(tier, class_index);
    *page = (struct page){
        .reciprocal = (uint32_t)((((uint64_t)1 << 32) + bytes - 1) / bytes),
        .class_index = (uint8_t)class_index,
    };
    for (uint32_t word = 0; word * 64 < count; word++) {
        uint32_t rest = count - word * 64;
        page->free[word] = rest >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << rest) - 1;
        page->words |= 1u << word;
    }
}

/* All its blocks are in use, and its class goes on to another. */
static void leave_full(struct page *page)
{
    int notice = page->used / 64;
    page->threshold = (int16_t)(page->used - (notice > 0 ? notice : 1));
}

/* The class's next page with free blocks; the one before is full. */
static struct page *next_current(struct tier *tier, struct size_class *size_class)
{
    uint32_t index = pop(tier, &size_class->listed);
    if (!index) {
        index = take_page(tier);
        if (!index) return NULL;
        set_class(tier, &tier->pages[index], (size_t)(size_class - tier->classes));
    }
    if (size_class->current) leave_full(&tier->pages[size_class->current]);
    size_class->current = index;
    tier->memory->has_current = true;
    tier->pages[index].threshold = THRESHOLD_NONE;
    return &tier->pages[index];
}

void *tier_refill(struct size_class *size_class)
{
    struct tier *tier = size_class->tier;
    struct page *page = &tier->pages[size_class->current];
    if (!size_class->current || !page->words) page = next_current(tier, size_class);
    if (!page) return NULL;
    unsigned word = (unsigned)__builtin_ctz(page->words);
    uint64_t mask = page->free[word];
    page->free[word] = 0;
    page->words &= page->words - 1;
    page->used += (int16_t)__builtin_popcountll(mask);
    size_class->first =
        page_start(tier, size_class->current) + (size_t)word * 64 * size_class->block_bytes;
    size_class->mask = mask;
    return tier_new(size_class);
}

static void leave_empty(struct tier *tier, uint32_t index)
{
    tier->pages[index].class_index = 0;
    push(tier, &tier->empty, index);
    tier->empty_count++;
    tier->memory->kept_bytes += page_bytes(tier);
}

/* Out of line, so that a free keeps few registers. */
__attribute__((noinline)) void tier_notice(struct tier *tier, struct page *page)
{
    struct size_class *size_class = &tier->classes[page->class_index];
    uint32_t index = (uint32_t)(page - tier->pages);
    if (page->threshold > 0) {
        push(tier, &size_class->listed, index);
        page->threshold = 0;
        if (page->used > 0) return;
    }
    unlink_page(tier, &size_class->listed, index);
    leave_empty(tier, index);
    memory_settle(tier->memory);
}

/* Pages that became empty one after the other are often neighbours, since a sweep passes over
 * objects in the order of their birth: one system call for each row of them. */
bool tier_return(struct tier *tier)
{
    uint32_t first = pop(tier, &tier->empty), last = first;
    if (!first) return false;
    while (last - first < RETURNED_AT_ONCE) {
        if (tier->empty == last + 1) last = pop(tier, &tier->empty);
        else if (tier->empty && tier->empty == first - 1) first = pop(tier, &tier->empty);
        else break;
    }
    size_t count = last - first + 1, bytes = count << tier->page_shift;
    pages_purge(page_start(tier, first), bytes);
    for (uint32_t i = first; i <= last; i++) push(tier, &tier->returned, i);
    tier->empty_count -= (uint32_t)count;
    tier->returned_count += (uint32_t)count;
    tier->memory->kept_bytes -= bytes;
    tier->memory->held_bytes -= bytes;
    tier->memory->returned_bytes += bytes;
    return true;
}

static void put_mask_back(struct tier *tier, struct size_class *size_class)
{
    char *start = page_start(tier, size_class->current);
    unsigned word = (unsigned)((size_t)(size_class->first - start) / 64 / size_class->block_bytes);
    struct page *page = &tier->pages[size_class->current];
    page->free[word] |= size_class->mask;
    page->words |= 1u << word;
    page->used -= (int16_t)__builtin_popcountll(size_class->mask);
    size_class->mask = 0;
}

static void let_go_of_current(struct tier *tier, struct size_class *size_class)
{
    uint32_t index = size_class->current;
    struct page *page = &tier->pages[index];
    if (size_class->mask) put_mask_back(tier, size_class);
    size_class->current = 0;
    if (page->used == 0) {
        leave_empty(tier, index);
    } else if (!page->words) {
        leave_full(page);
    } else {
        page->threshold = 0;
        push(tier, &size_class->listed, index);
    }
}

void tier_trim(struct tier *tier)
{
    for (size_t i = tier->first_class; i <= tier->last_class; i++) {
        if (tier->classes[i].current) let_go_of_current(tier, &tier->classes[i]);
    }
}

void tier_count(const struct tier *tier, size_t class_index, struct class_census *out)
{
    size_t count = block_count(tier, class_index);
    *out = (struct class_census){0};
    for (uint32_t i = 1; i < tier->page_count; i++) {
        const struct page *page = &tier->pages[i];
        if (page->class_index != class_index) continue;
        out->used_blocks += (size_t)page->used;
        out->total_blocks += count;
        out->full_pages += (size_t)page->used == count;
        out->partial_pages += (size_t)page->used != count;
    }
    out->used_blocks -= (size_t)__builtin_popcountll(tier->classes[class_index].mask);
}

bool tier_open(struct tier *tier)
{
    if (!arena_reserve_up_to(&tier->region, RESERVE_BYTES, LEAST_BYTES)) return false;
    if (tier->memory->is_huge) arena_ask_huge(&tier->region);
    tier->start = tier->region.start;
    tier->bytes = (size_t)(tier->region.reserved_end - tier->start);
    size_t pages = tier->bytes >> tier->page_shift;
    if (!arena_reserve(&tier->records, pages * sizeof(struct page))) return false;
    tier->pages = (struct page *)tier->records.start;
    tier->page_count = 1;
    for (size_t i = tier->first_class; i <= tier->last_class; i++) tier->classes[i].tier = tier;
    /* Page 0 is none. */
    return arena_take(&tier->region, page_bytes(tier)) &&
           arena_take(&tier->records, sizeof(struct page));
}

void tier_close(struct tier *tier)
{
    if (tier->records.start) arena_release(&tier->records);
    if (tier->region.start) arena_release(&tier->region);
}
