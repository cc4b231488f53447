/* What records keeps its notes in: a table of addresses, a depot of bytes, rows in order. */
#include "heap_test.h"

#include "../allocators/debugging/block_table.h"
#include "../allocators/debugging/depot.h"
#include "../allocators/debugging/keyed.h"

static void a_table_keeps_what_was_not_removed(void **state)
{
    (void)state;
    static char bytes[20000];
    struct block_table table;
    assert_true(block_table_open(&table, sizeof(struct block_entry)));
    for (size_t i = 0; i < sizeof bytes; i++) {
        struct block_entry *entry = block_table_insert(&table, &bytes[i]);
        entry->mark = (uint32_t)i;
    }
    for (size_t i = 0; i < sizeof bytes; i += 3) {
        block_table_remove(&table, block_table_find(&table, &bytes[i]));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        struct block_entry *entry = block_table_find(&table, &bytes[i]);
        assert_int_equal(entry != NULL, i % 3 != 0);
        if (entry) assert_int_equal(entry->mark, i);
    }
    size_t count = 0;
    for (uint32_t place = 0; block_table_next(&table, &place);) count++;
    assert_int_equal(count, table.live_count);
    block_table_close(&table);
}

static void a_table_uses_entries_again(void **state)
{
    (void)state;
    static char bytes[256];
    struct block_table table;
    assert_true(block_table_open(&table, sizeof(struct block_entry)));
    for (size_t i = 0; i < 100000; i++) {
        char *block = &bytes[i % sizeof bytes];
        struct block_entry *old = block_table_find(&table, block);
        if (old) block_table_remove(&table, old);
        struct block_entry *entry = block_table_insert(&table, block);
        assert_int_equal(entry->mark, 0);
        entry->mark = 1;
    }
    assert_int_equal(table.live_count, sizeof bytes);
    assert_int_equal(table.entry_count, sizeof bytes);
    block_table_close(&table);
}

/* Whatever the distance between blocks: in a bad hash they would share buckets. */
static void a_table_spreads_blocks_of_any_size(void **state)
{
    (void)state;
    for (size_t step = 8; step <= 1 << 20; step *= 2) {
        struct block_table table;
        size_t probes = 0, count = 20000;
        assert_true(block_table_open(&table, sizeof(struct block_entry)));
        for (size_t i = 1; i <= count; i++) block_table_insert(&table, (void *)(i * step));
        for (uint32_t i = 0; i < table.bucket_count; i++) {
            size_t length = 0;
            for (uint32_t at = table.buckets[i]; at;) {
                probes += ++length;
                at = ((struct block_entry *)block_table_at(&table, at))->next;
            }
        }
        if (probes > 5 * count) fail_msg("%zu apart: %zu probes for %zu", step, probes, count);
        block_table_close(&table);
    }
}

static void a_depot_gives_one_number_to_equal_bytes(void **state)
{
    (void)state;
    struct depot depot;
    char text[32];
    uint32_t numbers[3000];
    assert_true(depot_open(&depot));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3000; i++) {
            size_t length = (size_t)snprintf(text, sizeof text, "%d bytes of text", i), kept;
            uint32_t number = depot_intern(&depot, text, length);
            if (round) assert_int_equal(number, numbers[i]);
            numbers[i] = number;
            assert_memory_equal(depot_at(&depot, number, &kept), text, length);
            assert_int_equal(kept, length);
        }
    }
    assert_int_equal(depot.table.live_count, 3000);
    depot_close(&depot);
}

/* As in depot.c: what follows the first word can undo what another first word has done. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static void bytes_of_one_hash_have_numbers_of_their_own(void **state)
{
    (void)state;
    struct depot depot;
    uint64_t one[2] = {1, 0}, other[2] = {2, mix(16, 1) ^ mix(16, 2)};
    size_t length;
    assert_true(depot_open(&depot));
    uint32_t of_one = depot_intern(&depot, one, sizeof one);
    uint32_t of_other = depot_intern(&depot, other, sizeof other);
    const struct block_entry *first = block_table_at(&depot.table, of_one);
    const struct block_entry *second = block_table_at(&depot.table, of_other);
    assert_int_equal((uintptr_t)second->block - (uintptr_t)first->block, 1);
    assert_memory_equal(depot_at(&depot, of_one, &length), one, sizeof one);
    assert_memory_equal(depot_at(&depot, of_other, &length), other, sizeof other);
    assert_int_equal(depot_intern(&depot, other, sizeof other), of_other);
    depot_close(&depot);
}

static void rows_are_put_in_order(void **state)
{
    (void)state;
    static struct keyed rows[5000];
    uint64_t random = 1;
    for (size_t i = 0; i < 5000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        rows[i] = (struct keyed){i % 7 ? random : random >> 40, NULL};
    }
    assert_true(keyed_sort(rows, 5000));
    for (size_t i = 1; i < 5000; i++) assert_true(rows[i - 1].key <= rows[i].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_keeps_what_was_not_removed),
        cmocka_unit_test(a_table_uses_entries_again),
        cmocka_unit_test(a_table_spreads_blocks_of_any_size),
        cmocka_unit_test(a_depot_gives_one_number_to_equal_bytes),
        cmocka_unit_test(bytes_of_one_hash_have_numbers_of_their_own),
        cmocka_unit_test(rows_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
