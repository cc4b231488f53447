/* A matrix of planted faults on records+guards+quarantine: each is caught, named rightly, and told
 * with the stacks of where the block came from and where it went or is used now. And
 * correct programs are accused of nothing. */
#include "fault_matrix.h"

#include <stdlib.h>

#include "../allocators/text.h"
#include "../allocators/debugging/records.h"
#include "../workloads/workload.h"

/* The sanitizers' own malloc must refuse as others do, rather than end the program. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* ---- the program under observation: its functions are to stand in the stacks */

void *ask_for(const struct heap *heap, size_t size);
void *change_size(const struct heap *heap, void *block, size_t old_size, size_t new_size);
void give_back(const struct heap *heap, void *block, size_t size);
size_t look_over(struct heap *heap);

__attribute__((noinline)) void *ask_for(const struct heap *heap, size_t size)
{
    void *volatile block = resize(heap, NULL, 0, size);
    assert_non_null(block);
    return block;
}

__attribute__((noinline)) void *change_size(const struct heap *heap, void *block, size_t old_size,
                                            size_t new_size)
{
    void *volatile changed = resize(heap, block, old_size, new_size);
    return changed;
}

__attribute__((noinline)) void give_back(const struct heap *heap, void *block, size_t size)
{
    void *volatile result = resize(heap, block, size, 0);
    assert_null(result);
}

__attribute__((noinline)) size_t look_over(struct heap *heap)
{
    volatile size_t found = heap_audit(heap);
    return found;
}

/* ---- beyond the ends */

enum discovery { ON_FREE, ON_GROWTH, ON_SHRINK, ON_AUDIT, DISCOVERIES };

static const struct stacks found_now[DISCOVERIES] = {{"ask_for", NULL, "give_back"},
                                                     {"ask_for", NULL, "change_size"},
                                                     {"ask_for", NULL, "change_size"},
                                                     {"ask_for", NULL, "look_over"}};

/* Has the fault found in such a way, and frees the block, of which nothing more is to be said. */
static void discover(struct matrix *matrix, char *block, size_t size, enum discovery discovery)
{
    struct heap *heap = matrix->heap;
    size_t new_size = discovery == ON_GROWTH ? size + 100 : size / 2 + 1;
    void *rest = block;
    if (discovery == ON_FREE) give_back(heap, block, size);
    else if (discovery == ON_AUDIT) assert_int_equal(look_over(heap), 1);
    else rest = change_size(heap, block, size, new_size);
    judge(matrix, block, size, found_now[discovery]);
    if (discovery == ON_FREE) return;
    if (discovery == ON_AUDIT) {
        assert_int_equal(look_over(heap), 0);
        new_size = size;
    }
    give_back(heap, rest, new_size);
    assert_int_equal(heard.count, 0);
}

/* The byte so far beyond an end, alone or with all up to it. */
static void pass_end(struct matrix *matrix, size_t distance, bool is_alone, bool is_before)
{
    for (size_t size = 1; size <= SIZES; size++) {
        for (int discovery = 0; discovery < DISCOVERIES; discovery++) {
            char *block = ask_for(matrix->heap, size);
            size_t bytes = is_alone ? 1 : distance;
            spoil(is_before ? block - distance : block + size + distance - bytes, bytes);
            discover(matrix, block, size, discovery);
        }
    }
}

static void pass_ends(struct matrix *matrix)
{
    static const struct {
        const char *title;
        size_t distance;
        bool is_alone;
    } writes[] = {{"by 1 byte", 1, true},
                  {"by 8 bytes, the last alone", 8, true},
                  {"by 8 bytes", 8, false},
                  {"by 17 bytes, the last alone", 17, true},
                  {"by 17 bytes", 17, false}};
    for (size_t i = 0; i < 2 * sizeof writes / sizeof *writes; i++) {
        size_t write = i / 2;
        begin_row(matrix, writes[write].title, i % 2 ? FAULT_UNDERFLOW : FAULT_OVERFLOW);
        pass_end(matrix, writes[write].distance, writes[write].is_alone, i % 2);
    }
}

/* ---- calls with blocks that are not alive */

static void free_others(const struct heap *heap, size_t count)
{
    void *others[1000];
    assert_true(count <= 1000);
    for (size_t i = 0; i < count; i++) others[i] = ask_for(heap, 1 + i % SIZES);
    for (size_t i = 0; i < count; i++) give_back(heap, others[i], 1 + i % SIZES);
}

static void free_twice(struct matrix *matrix, size_t frees_between, size_t step)
{
    for (size_t size = 1; size <= SIZES; size += step) {
        void *block = ask_for(matrix->heap, size);
        give_back(matrix->heap, block, size);
        free_others(matrix->heap, frees_between);
        give_back(matrix->heap, block, size);
        judge(matrix, block, size, (struct stacks){"ask_for", "give_back", "give_back"});
    }
}

static void resize_freed(struct matrix *matrix, bool is_growth)
{
    for (size_t size = 1; size <= SIZES; size++) {
        void *block = ask_for(matrix->heap, size);
        give_back(matrix->heap, block, size);
        change_size(matrix->heap, block, size, is_growth ? size * 2 : size / 2 + 1);
        judge(matrix, block, size, (struct stacks){"ask_for", "give_back", "change_size"});
    }
}

static void free_strangers(struct matrix *matrix)
{
    static char of_the_program[256] __attribute__((aligned(16)));
    char of_the_stack[256] __attribute__((aligned(16)));
    void *of_another = malloc(256);
    void *strangers[] = {of_the_program + 128, of_the_stack + 128, (char *)of_another + 128,
                         unmapped(),           (void *)16,         (void *)~(uintptr_t)15,
                         of_the_program + 129};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        give_back(matrix->heap, strangers[i], 40);
        judge(matrix, strangers[i], 40, (struct stacks){.now = "give_back"});
    }
    free(of_another);
}

static void free_interiors(struct matrix *matrix)
{
    for (size_t size = 2; size <= SIZES; size++) {
        char *block = ask_for(matrix->heap, size);
        size_t offset = size > 16 ? size / 2 & ~(size_t)7 : size / 2;
        give_back(matrix->heap, block + offset, size - offset);
        judge(matrix, block, size, (struct stacks){"ask_for", NULL, "give_back"});
        give_back(matrix->heap, block, size);
        assert_int_equal(heard.count, 0);
    }
}

static void misstate_size(struct matrix *matrix, long difference, bool is_free)
{
    for (size_t size = 1; size <= SIZES; size++) {
        size_t stated = difference ? size + (size_t)difference : 0;
        if (stated == 0 && difference) continue;
        if (difference < 0 && size < (size_t)-difference) continue;
        char *block = ask_for(matrix->heap, size);
        memset(block, 7, size);
        if (is_free) give_back(matrix->heap, block, stated);
        else {
            char *moved = change_size(matrix->heap, block, stated, size + 64);
            assert_non_null(moved);
            for (size_t i = 0; i < size; i++) assert_int_equal(moved[i], 7);
            judge(matrix, block, size, (struct stacks){"ask_for", NULL, "change_size"});
            give_back(matrix->heap, moved, size + 64);
            assert_int_equal(heard.count, 0);
            continue;
        }
        judge(matrix, block, size, (struct stacks){"ask_for", NULL, "give_back"});
    }
}

static void misstate_sizes(struct matrix *matrix)
{
    static const struct {
        const char *free_title, *resize_title;
        long difference;
    } lies[] = {{"1 more, on free", "1 more, on resize", 1},
                {"1 less, on free", "1 less, on resize", -1},
                {"8 more, on free", "8 more, on resize", 8},
                {"8 less, on free", "8 less, on resize", -8},
                {"0, on free", "0, on resize", 0}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin_row(matrix, lies[i].free_title, FAULT_WRONG_OLD_SIZE);
        misstate_size(matrix, lies[i].difference, true);
        begin_row(matrix, lies[i].resize_title, FAULT_WRONG_OLD_SIZE);
        misstate_size(matrix, lies[i].difference, false);
    }
}

/* ---- uses of freed blocks */

static char *freed_block(struct matrix *matrix, size_t size)
{
    char *block = ask_for(matrix->heap, size);
    memset(block, 7, size);
    give_back(matrix->heap, block, size);
    for (size_t i = 0; i < size; i++) assert_int_equal((unsigned char)block[i], POISON);
    return block;
}

static void use_freed(struct matrix *matrix, bool is_first_byte)
{
    for (size_t size = 1; size <= SIZES; size++) {
        char *block = freed_block(matrix, size);
        block[is_first_byte ? 0 : size - 1] = 7;
        assert_int_equal(look_over(matrix->heap), 1);
        judge(matrix, block, size, (struct stacks){"ask_for", "give_back", "look_over"});
        assert_int_equal(look_over(matrix->heap), 0);
    }
}

/* The old address after a growth, which moves. */
static void use_former_place(struct matrix *matrix)
{
    for (size_t size = 1; size <= SIZES; size++) {
        char *block = ask_for(matrix->heap, size), *moved;
        moved = change_size(matrix->heap, block, size, size + 1);
        assert_ptr_not_equal(moved, block);
        block[size - 1] = 7;
        assert_int_equal(look_over(matrix->heap), 1);
        judge(matrix, block, size, (struct stacks){"ask_for", "change_size", "look_over"});
        give_back(matrix->heap, moved, size + 1);
    }
}

/* 4096 younger ones drive it out. */
static void use_freed_and_go_on(struct matrix *matrix)
{
    for (size_t size = 1; size <= SIZES; size += 73) {
        char *block = freed_block(matrix, size);
        block[size / 2] = 7;
        for (size_t i = 0; i < 4096; i++) give_back(matrix->heap, ask_for(matrix->heap, 24), 24);
        judge(matrix, block, size, (struct stacks){"ask_for", "give_back", "give_back"});
    }
}

/* An address in the middle of a block is one that no other block had before: that would be a second
 * free of the other as well. */
static void plant_all(struct matrix *matrix)
{
    begin_row(matrix, "in the middle", FAULT_INTERIOR_FREE);
    free_interiors(matrix);
    pass_ends(matrix);
    begin_row(matrix, "at once", FAULT_DOUBLE_FREE);
    free_twice(matrix, 0, 1);
    begin_row(matrix, "after 1000 other frees", FAULT_DOUBLE_FREE);
    free_twice(matrix, 1000, 16);
    begin_row(matrix, "of what is not the heap's", FAULT_INVALID_FREE);
    free_strangers(matrix);
    misstate_sizes(matrix);
    begin_row(matrix, "growth", FAULT_RESIZE_OF_FREED);
    resize_freed(matrix, true);
    begin_row(matrix, "shrink", FAULT_RESIZE_OF_FREED);
    resize_freed(matrix, false);
    begin_row(matrix, "first byte, on audit", FAULT_USE_AFTER_FREE);
    use_freed(matrix, true);
    begin_row(matrix, "last byte, on audit", FAULT_USE_AFTER_FREE);
    use_freed(matrix, false);
    begin_row(matrix, "where it was before a growth", FAULT_USE_AFTER_FREE);
    use_former_place(matrix);
    begin_row(matrix, "on leaving", FAULT_USE_AFTER_FREE);
    use_freed_and_go_on(matrix);
}

/* ---- leaks, which records reports */

static void note_line(void *out, const char *text)
{
    struct text *report = out;
    text_add(report, "%s\n", text);
}

static void leak(struct matrix *matrix)
{
    static char buffer[1 << 16];
    const struct heap *records = heap_layer(matrix->heap, "records");
    for (size_t size = 1; size <= SIZES; size++) {
        char amount[64];
        struct text report = text_in(buffer, sizeof buffer);
        void *block = ask_for(matrix->heap, size);
        give_back(matrix->heap, ask_for(matrix->heap, size), size);
        size_t count = records_report_leaks(records, 0, 10, note_line, &report);
        snprintf(amount, sizeof amount, "%zu byte", size);
        matrix->row->tried++;
        matrix->row->caught += count == 1;
        matrix->row->named += strstr(buffer, "leak") && strstr(buffer, amount);
        matrix->row->explained += strstr(buffer, "ask_for") != NULL;
        give_back(matrix->heap, block, size);
        if (!*matrix->row->first_miss) snprintf(matrix->row->first_miss, 256, "%.200s", buffer);
    }
    struct text report = text_in(buffer, sizeof buffer);
    assert_int_equal(records_report_leaks(records, 0, 10, note_line, &report), 0);
}

/* ---- the matrix as a whole */

static void every_planted_fault_is_told(const char *spec)
{
    static struct matrix matrix;
    matrix = (struct matrix){.heap = open_heard(spec)};
    plant_all(&matrix);
    begin_row(&matrix, "alive at the end", "leak");
    leak(&matrix);
    assert_int_equal(totals_of(matrix.heap).live_blocks, 0);
    assert_int_equal(heap_audit(matrix.heap), 0);
    heap_close(matrix.heap);
    assert_int_equal(heard.count, 0);
    print_matrix(&matrix, spec);
    matrix_is_full(&matrix, spec);
}

static void every_planted_fault_is_told_over_libc(void **state)
{
    (void)state;
    every_planted_fault_is_told("records+guards+quarantine:blocks=4096+libc");
}

static void every_planted_fault_is_told_over_tiered(void **state)
{
    (void)state;
    every_planted_fault_is_told("records+guards+quarantine:blocks=4096+tiered");
}

/* ---- no false report */

static void accuses_nobody(const char *spec, uint64_t operations)
{
    struct workload workload = workload_contract;
    struct error error = {""};
    struct heap *heap = open_heard(spec);
    workload.operations = operations;
    void *job = workload_kind_contract.prepare(&workload, 1, &error);
    assert_non_null(job);
    enum outcome outcome = workload_kind_contract.run(job, heap, &error);
    workload_kind_contract.finish(job);
    if (outcome != OUTCOME_OK) fail_msg("%s: %s: %s", spec, error.text, heard.messages[0]);
    assert_int_equal(heap_audit(heap), 0);
    assert_int_equal(heap->host->fault_count, 0);
    heap_close(heap);
    assert_int_equal(heard.count, 0);
}

static void a_million_correct_operations_are_not_accused(void **state)
{
    (void)state;
    accuses_nobody("records+guards+quarantine+libc", 1000000);
    accuses_nobody("records+guards+quarantine+tiered", 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_planted_fault_is_told_over_libc),
        cmocka_unit_test(every_planted_fault_is_told_over_tiered),
        cmocka_unit_test(a_million_correct_operations_are_not_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
