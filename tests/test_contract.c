/* Every allocator of the registry keeps the contract, and each planted fault is found by name. */
#include "heap_test.h"

#include <stdio.h>
#include <string.h>

#include "../workloads/workload.h"

/* The sanitizers' own malloc must refuse as others do, rather than end the program. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libtcmalloc\n"; /* what it keeps for itself, in the sanitizer's heap */
}

static enum outcome run_operations(const struct heap *heap, uint64_t seed, uint64_t operations,
                                   char *answer, struct error *error)
{
    struct workload workload = workload_contract;
    workload.operations = operations;
    void *job = workload_kind_contract.prepare(&workload, seed, error);
    assert_non_null(job);
    enum outcome outcome = workload_kind_contract.run(job, heap, error);
    workload_kind_contract.verify(job, answer);
    workload_kind_contract.finish(job);
    return outcome;
}

enum { OPERATIONS = 100000, OPERATIONS_OF_A_PAIR = 4000 };

static enum outcome run_contract(const struct heap *heap, uint64_t seed, char *answer,
                                 struct error *error)
{
    return run_operations(heap, seed, OPERATIONS, answer, error);
}

/* The contract leaves blocks alive, so that closing is part of it. */
static void keeps_contract(struct heap *heap, const char *spec, uint64_t seed)
{
    struct error error = {""};
    char answer[ANSWER_LENGTH];
    enum outcome outcome = run_contract(heap, seed, answer, &error);
    if (outcome != OUTCOME_OK) fail_msg("%s: %s", spec, error.text);
    assert_string_equal(answer, "contract kept, 100000 operations");
    heap_close(heap);
}

/* A third party's library may be missing here; all else must open. */
static void try_spec(const char *spec, bool may_be_missing)
{
    struct error error = {""};
    struct heap *heap = heap_open(spec, &error);
    if (heap) keeps_contract(heap, spec, 1);
    else if (may_be_missing) print_message("[   NOTE   ] %s\n", error.text);
    else fail_msg("%s: %s", spec, error.text);
}

static void every_allocator_keeps_the_contract(void **state)
{
    (void)state;
    const struct allocator *allocator;
    for (size_t i = 0; (allocator = registry_at(i)); i++) {
        if (!(allocator->traits & TRAIT_WRAPPER)) try_spec(allocator->name, allocator->library);
    }
}

/* Where it may be as loud as it wants. */
static const char *quiet_name(const struct allocator *allocator)
{
    return strcmp(allocator->name, "log") ? allocator->name : "log:file=/dev/null";
}

static void every_wrapper_keeps_the_contract(void **state)
{
    (void)state;
    const struct allocator *wrapper;
    char spec[128];
    for (size_t i = 0; (wrapper = registry_at(i)); i++) {
        if (!(wrapper->traits & TRAIT_WRAPPER)) continue;
        snprintf(spec, sizeof spec, "%s+tiered", quiet_name(wrapper));
        try_spec(spec, false);
    }
}

/* An order that makes no sense is refused; which, another test tells. */
static void try_pair(const struct allocator *outer, const struct allocator *inner)
{
    struct error error = {""};
    char spec[128], answer[ANSWER_LENGTH];
    const char *base = inner->traits & TRAIT_WRAPPER ? "+tiered" : "";
    snprintf(spec, sizeof spec, "%s+%s%s", quiet_name(outer), quiet_name(inner), base);
    struct heap *heap = heap_open(spec, &error);
    if (!heap) {
        assert_true(inner->traits & (TRAIT_WRAPPER | TRAIT_REPLAY_ONLY));
        return;
    }
    if (run_operations(heap, 1, OPERATIONS_OF_A_PAIR, answer, &error) != OUTCOME_OK) {
        fail_msg("%s: %s", spec, error.text);
    }
    heap_close(heap);
}

static void every_wrapper_keeps_the_contract_over_all_that_it_may(void **state)
{
    (void)state;
    const struct allocator *outer, *inner;
    for (size_t i = 0; (outer = registry_at(i)); i++) {
        for (size_t j = 0; (inner = registry_at(j)); j++) {
            if ((outer->traits & TRAIT_WRAPPER) && !inner->library) try_pair(outer, inner);
        }
    }
}

static void orders_that_make_no_sense_are_refused_with_the_reason(void **state)
{
    (void)state;
    refuses("guards+records+libc", "write records+guards");
    refuses("guards+count+records+libc", "write records+guards");
    refuses("quarantine+guards+libc", "write guards+quarantine");
    refuses("guards+profile+libc", "write profile+guards");
    refuses("lock+profile+libc", "leave the lock out");
    refuses("guards+count+null", "whose blocks overlap");
    refuses("records+records+libc", "once is enough");
    refuses("log+lock+libc", "write lock+log");
    refuses("records", "needs an allocator under it");
    refuses("tiered+records+libc", "tiered");
}

static void options_keep_the_contract(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "bump:size=64",
        "bump:grow=no",
        "bump:grow=no,size=64",
        "bump:grow=no,size=256M",
        "count+bump:grow=no",
        "fixed-pool:size=8",
        "fixed-pool:size=64K,count=20",
        "fixed-pool:size=64,grow=no",
        "fixed-pool:size=40,count=1,grow=no",
        "fixed-pool+tiered",
        "fixed-pool:grow=no+bump:grow=no",
        "fixed-pool+tiered:checked",
        "tiered:huge",
        "tiered:preset=source+bump",
        "tiered:preset=lists+fixed-pool:size=4K",
        "slab+buddy",
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) try_spec(specs[i], false);
}

static void other_seeds_are_kept_too(void **state)
{
    (void)state;
    for (uint64_t seed = 2; seed < 5; seed++) keeps_contract(open_spec("tiered"), "tiered", seed);
}

/* Not a test of libraries: plain is what the faults were planted into. */
static void a_plain_library_keeps_the_contract(void **state)
{
    (void)state;
    try_spec("./build/tests/planted/plain.so", false);
}

static void fault_is_found(const char *name, const char *rule)
{
    struct error error = {""};
    char spec[128], answer[ANSWER_LENGTH];
    snprintf(spec, sizeof spec, "./build/tests/planted/%s.so", name);
    struct heap *heap = open_spec(spec);
    assert_int_equal(run_contract(heap, 1, answer, &error), OUTCOME_WRONG_ANSWER);
    if (!strstr(error.text, rule)) fail_msg("%s: `%s` lacks `%s`", name, error.text, rule);
    assert_non_null(strstr(error.text, "operation"));
    heap_close(heap);
}

static void each_planted_fault_is_found_and_named(void **state)
{
    (void)state;
    fault_is_found("corrupt", "two live blocks overlap");
    fault_is_found("leak", "contents were not kept");
    fault_is_found("lie", "a small request was refused");
    fault_is_found("misaligned", "is not aligned to 8 bytes");
    fault_is_found("generous", "a request beyond all memory was granted");
    fault_is_found("poison", "a growth that failed changed the old block");
}

/* Faults that no library behind the adapter can show, planted in front of a sound heap. */
static void *fail_to_shrink(void *inner, void *block, size_t old_size, size_t new_size)
{
    struct heap *heap = inner;
    if (new_size != 0 && new_size < old_size && old_size == 300) return NULL;
    return resize(heap, block, old_size, new_size);
}

static void *answer_queries(void *inner, void *block, size_t old_size, size_t new_size)
{
    return new_size == 0 && !block ? inner : resize(inner, block, old_size, new_size);
}

static void *answer_frees(void *inner, void *block, size_t old_size, size_t new_size)
{
    void *result = resize(inner, block, old_size, new_size);
    return new_size == 0 && block ? inner : result;
}

/* Asks for one more byte, so that the totals inside are not the caller's. */
static void *miscount(void *inner, void *block, size_t old_size, size_t new_size)
{
    return resize(inner, block, old_size + (old_size == 7), new_size + (new_size == 7));
}

static void read_inner(const void *inner, struct heap_statistics *out)
{
    heap_statistics(inner, out);
}

static void call_fault_is_found(resize_fn *fault, const char *rule)
{
    struct error error = {""};
    char answer[ANSWER_LENGTH];
    struct heap *inner = open_spec("bump");
    struct allocator faulty = {.name = "faulty", .alignment = 8, .statistics = read_inner};
    struct heap heap = {.allocator = &faulty, .resize = fault, .state = inner};
    assert_int_equal(run_contract(&heap, 1, answer, &error), OUTCOME_WRONG_ANSWER);
    if (!strstr(error.text, rule)) fail_msg("`%s` lacks `%s`", error.text, rule);
    heap_close(inner);
}

static void each_fault_of_a_call_is_found_and_named(void **state)
{
    (void)state;
    call_fault_is_found(fail_to_shrink, "a shrink failed");
    call_fault_is_found(answer_queries, "a query did not return NULL");
    call_fault_is_found(answer_frees, "a free did not return NULL");
    call_fault_is_found(miscount, "live bytes are not what the caller holds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocator_keeps_the_contract),
        cmocka_unit_test(every_wrapper_keeps_the_contract),
        cmocka_unit_test(every_wrapper_keeps_the_contract_over_all_that_it_may),
        cmocka_unit_test(orders_that_make_no_sense_are_refused_with_the_reason),
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(other_seeds_are_kept_too),
        cmocka_unit_test(a_plain_library_keeps_the_contract),
        cmocka_unit_test(each_planted_fault_is_found_and_named),
        cmocka_unit_test(each_fault_of_a_call_is_found_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
