/* A step is an eighth of what is usable, between 4 MiB and 256 MiB: a small program makes one, a
 * large one some dozens. The table of descriptors grows in step, ahead of the granules. Invariant:
 * below corona_arena.granules all granules are usable and so are their descriptors, those of the
 * table's own granules included: they are zero, so that an address in the table is a part of
 * nothing. Cost: a call a step, and one for the table with every fourth small step. */
#include "arena.h"

#include "settings.h"
#include "system.h"

enum {
    STEP_LEAST = 4 << 20,
    STEP_MOST = 256 << 20,
    TABLE_STEP = 64 << 10, /* for 16 MiB of granules */
    ARENA_LEAST = 4 << 20,
    HUGE_GRANULES = SYSTEM_HUGE_BYTES / GRANULE_BYTES,
};

struct arena corona_arena;

static struct {
    size_t first, end; /* granules: the first after the table; the reserved range's end */
    size_t table_bytes, owners_bytes; /* usable */
} limits;

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

static size_t rounded_up(size_t number, size_t unit)
{
    return (number + unit - 1) / unit * unit;
}

static size_t owners_bytes(size_t granules)
{
    return rounded_up(granules * sizeof(uintptr_t), TABLE_STEP);
}

/* One range: it wastes the addresses between the tables, but nothing can stand in its way. */
static bool reserve_in_one(size_t bytes)
{
    char *start = system_reserve(OWNERS_BEFORE + bytes);
    if (start) corona_arena.base = (uintptr_t)start + OWNERS_BEFORE;
    return start != NULL;
}

/* Both for themselves, where addresses may be scarce. */
static bool reserve_in_two(size_t bytes)
{
    char *base = system_reserve(bytes);
    if (base == NULL) return false;
    if (system_reserve_at(base - OWNERS_BEFORE, owners_bytes(bytes / GRANULE_BYTES))) {
        corona_arena.base = (uintptr_t)base;
        return true;
    }
    system_release(base, bytes);
    return false;
}

static bool reserve_so_many(size_t bytes)
{
    bool is_plenty = bytes / 64 >= OWNERS_BEFORE;
    if (is_plenty && reserve_in_one(bytes)) return true;
    return reserve_in_two(bytes) || reserve_in_one(bytes);
}

static size_t reserve(void)
{
    size_t most = smaller(corona_settings.arena_bytes, system_address_space());
    for (size_t bytes = most; bytes >= ARENA_LEAST; bytes /= 2) {
        size_t whole = bytes / SYSTEM_HUGE_BYTES * SYSTEM_HUGE_BYTES;
        if (reserve_so_many(whole)) return whole;
    }
    return 0;
}

/* Of one of the two tables, of which so many bytes are usable. */
static bool extend_one(uintptr_t table, size_t *usable, size_t wanted)
{
    if (wanted <= *usable) return true;
    if (!system_commit((char *)table + *usable, wanted - *usable)) return false;
    *usable = wanted;
    return true;
}

static bool extend_tables(size_t end)
{
    size_t most = limits.first * GRANULE_BYTES;
    size_t wanted = smaller(rounded_up(end * sizeof(struct block), TABLE_STEP), most);
    return extend_one(corona_arena.base, &limits.table_bytes, wanted) &&
           extend_one(corona_arena.base - OWNERS_BEFORE, &limits.owners_bytes, owners_bytes(end));
}

size_t arena_open(void)
{
    if (limits.end == 0) {
        settings_read_environment();
        limits.end = reserve() / GRANULE_BYTES;
        limits.first = rounded_up(limits.end * sizeof(struct block), GRANULE_BYTES) / GRANULE_BYTES;
        /* In a large arena, granules begin where huge pages can. */
        if (limits.first > HUGE_GRANULES) limits.first = rounded_up(limits.first, HUGE_GRANULES);
    }
    return limits.end && extend_tables(limits.first + 1) ? limits.first : 0;
}

static size_t usable_end(void)
{
    return larger(arena_granules(), limits.first);
}

/* Whether of the pages that are usable nearly all hold memory, by a sample: blocks that are never
 * filled and tables that are hardly touched are in use, too. The step is odd, in pages, so that not
 * each page looked at begins a granule. About 20 us. */
static bool is_resident(size_t usable)
{
    enum { SAMPLES = 64, ENOUGH = SAMPLES - SAMPLES / 8 };
    size_t pages = usable * (GRANULE_BYTES / SYSTEM_PAGE_BYTES), count = 0;
    if (pages < SAMPLES) return true;
    size_t step = (pages / SAMPLES - 1) | 1;
    char *page = (char *)corona_arena.base + limits.first * GRANULE_BYTES;
    for (unsigned i = 0; i < SAMPLES; i++, page += step * SYSTEM_PAGE_BYTES)
        count += system_is_resident(page);
    return count >= ENOUGH;
}

/* Huge pages pay where nearly all memory is in use and touched: they take all at once, and cannot
 * be given back in part. What is added may turn out otherwise, so it must be a small part. */
static bool will_huge_pay(size_t granules, size_t used)
{
    size_t usable = usable_end() - limits.first;
    bool is_large = used >= corona_settings.huge_threshold_bytes / GRANULE_BYTES;
    bool is_step = granules <= larger(usable / 4, STEP_LEAST / GRANULE_BYTES);
    return is_large && is_step && used >= usable - usable / 8 && is_resident(usable);
}

static void ask_huge(void *start, size_t bytes, size_t used)
{
    enum huge_pages wish = corona_settings.huge_pages;
    if (wish == HUGE_NO) system_ask_huge(start, bytes, false);
    if (wish == HUGE_ALWAYS || (wish == HUGE_AUTO && will_huge_pay(bytes / GRANULE_BYTES, used)))
        system_ask_huge(start, bytes, true);
}

static bool extend_to(size_t end, size_t used)
{
    if (!extend_tables(end)) return false;
    void *start = (char *)corona_arena.base + usable_end() * GRANULE_BYTES;
    size_t bytes = (end - usable_end()) * GRANULE_BYTES;
    if (!system_commit(start, bytes)) return false;
    ask_huge(start, bytes, used);
    /* release: who sees a granule's number may touch it and its descriptor. */
    atomic_store_explicit(&corona_arena.granules, end, memory_order_release);
    return true;
}

bool arena_extend(size_t end, size_t used)
{
    if (end <= arena_granules()) return true;
    if (end > limits.end) return false;
    size_t step = (usable_end() - limits.first) * GRANULE_BYTES / 8;
    step = smaller(larger(step, STEP_LEAST), STEP_MOST) / GRANULE_BYTES;
    size_t ample = rounded_up(larger(end, usable_end() + step), HUGE_GRANULES);
    /* Under a limit the bare need may still be granted where the step is not. */
    return extend_to(smaller(ample, limits.end), used) || extend_to(end, used);
}

size_t arena_reserved_bytes(void)
{
    return limits.end * GRANULE_BYTES;
}

size_t arena_committed_bytes(void)
{
    return limits.end ? (usable_end() - limits.first) * GRANULE_BYTES + limits.table_bytes +
                            limits.owners_bytes
                      : 0;
}
