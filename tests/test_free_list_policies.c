/* Which free block each policy of free-list takes, and what its search costs. */
#include "free_list_test.h"

/* Holes of 200, 104, 304 and 104 bytes in this order, blocks in use between and behind them. */
static struct heap *open_with_holes(const char *policy, char *holes[4])
{
    static const size_t sizes[] = {200, 104, 304, 104};
    struct heap *heap = open_policy(policy, "");
    for (size_t i = 0; i < 4; i++) {
        holes[i] = make(heap, sizes[i]);
        make(heap, 24);
    }
    for (size_t i = 0; i < 4; i++) drop(heap, holes[i], sizes[i]);
    return heap;
}

static void first_fit_takes_the_lowest_block_that_fits(void **state)
{
    (void)state;
    char *holes[4];
    struct heap *heap = open_with_holes("first", holes);
    assert_ptr_equal(make(heap, 250), holes[2]);
    assert_ptr_equal(make(heap, 104), holes[0]);
    assert_ptr_equal(make(heap, 104), holes[1]);
    assert_ptr_equal(make(heap, 80), holes[0] + 112);
    heap_close(heap);
}

static void next_fit_goes_on_from_its_last_place(void **state)
{
    (void)state;
    char *holes[4];
    struct heap *heap = open_with_holes("next", holes);
    void *whole = make(heap, 40000); /* the rover is at the end now */
    char *first = make(heap, 64);
    assert_true(first > holes[3]);
    drop(heap, first, 64);
    drop(heap, whole, 40000);
    heap_close(heap);
    heap = open_with_holes("next", holes);
    while (make(heap, 48) != holes[0]) continue;
    assert_ptr_equal(make(heap, 48), holes[0] + 56);
    assert_ptr_equal(make(heap, 300), holes[2]);
    assert_ptr_equal(make(heap, 100), holes[3]);
    heap_close(heap);
}

static void best_fit_takes_the_smallest_block_that_fits(void **state)
{
    (void)state;
    char *holes[4];
    struct heap *heap = open_with_holes("best", holes);
    char *taken = make(heap, 104);
    assert_true(taken == holes[1] || taken == holes[3]);
    assert_ptr_equal(make(heap, 150), holes[0]);
    assert_ptr_equal(make(heap, 300), holes[2]);
    heap_close(heap);
}

enum { HOLES = 600 };

struct hole {
    char *address;
    size_t size; /* 0: taken */
};

/* Block sizes with equals among them, all where the search is by tree. */
static struct heap *open_with_many_holes(const char *policy, struct hole *holes, uint32_t *seed)
{
    struct heap *heap = open_policy(policy, "");
    for (size_t i = 0; i < HOLES; i++) {
        holes[i].size = 1024 + draw(seed) % 512 * (i % 3 ? 8 : 64);
        holes[i].address = make(heap, holes[i].size);
        make(heap, 8);
    }
    for (size_t i = 0; i < HOLES; i++) drop(heap, holes[i].address, holes[i].size);
    return heap;
}

static struct hole *smallest_hole(struct hole *holes, size_t size)
{
    struct hole *smallest = NULL;
    for (size_t i = 0; i < HOLES; i++) {
        if (holes[i].size < size || (smallest && holes[i].size >= smallest->size)) continue;
        smallest = &holes[i];
    }
    return smallest;
}

static struct hole *hole_at(struct hole *holes, const void *address)
{
    for (size_t i = 0; i < HOLES; i++) {
        if (holes[i].address == address) return &holes[i];
    }
    return NULL;
}

/* What a block of the wanted size leaves of its hole. */
static void cut_hole(struct hole *hole, size_t wanted)
{
    size_t cut = (wanted + 7) / 8 * 8 + TAG;
    bool is_whole = hole->size + TAG - cut < 32;
    hole->size -= is_whole ? hole->size : cut;
    hole->address += cut;
}

/* A hole is taken whole, so that each leaves the tree where it stands: root, node, leaf or ring. */
static void best_fit_is_right_about_hundreds_of_sizes(void **state)
{
    (void)state;
    struct hole holes[HOLES];
    uint32_t seed = 1;
    struct heap *heap = open_with_many_holes("best", holes, &seed);
    for (size_t left = HOLES; left > 0;) {
        size_t wanted = 1024 + draw(&seed) % 33000;
        const struct hole *expected = smallest_hole(holes, wanted);
        if (!expected) expected = smallest_hole(holes, 1);
        struct hole *taken = hole_at(holes, make(heap, expected->size));
        assert_non_null(taken);
        assert_int_equal(taken->size, expected->size);
        taken->size = 0;
        left--;
    }
    heap_close(heap);
}

/* Every other request is a little smaller than a hole and leaves it open at its end. */
static void best_fit_never_takes_more_than_it_must(void **state)
{
    (void)state;
    struct hole holes[HOLES];
    uint32_t seed = 2;
    struct heap *heap = open_with_many_holes("best", holes, &seed);
    for (size_t i = 0; i < HOLES / 2; i++) {
        size_t wanted = 1100 + draw(&seed) % 20000;
        const struct hole *expected = smallest_hole(holes, wanted);
        if (!expected) continue;
        struct hole *taken = hole_at(holes, make(heap, wanted));
        assert_non_null(taken);
        assert_int_equal(taken->size, expected->size);
        cut_hole(taken, wanted);
    }
    heap_close(heap);
}

/* At most a 32nd of a good fit is passed over. */
static void tlsf_takes_a_good_fit(void **state)
{
    (void)state;
    struct hole holes[HOLES];
    uint32_t seed = 3;
    struct heap *heap = open_with_many_holes("tlsf", holes, &seed);
    for (size_t i = 0; i < HOLES / 4; i++) {
        size_t wanted = 1024 + draw(&seed) % 15000;
        const struct hole *enough = smallest_hole(holes, wanted + wanted / 32 + 2 * TAG);
        struct hole *taken = hole_at(holes, make(heap, wanted));
        assert_non_null(enough);
        assert_non_null(taken);
        assert_true(taken->size <= enough->size + enough->size / 32 + TAG);
        cut_hole(taken, wanted);
    }
    heap_close(heap);
}

static bool has_figure(const struct heap *heap, const char *name)
{
    struct heap_figure figure;
    for (size_t i = 0; heap->allocator->figure(heap->state, i, &figure); i++) {
        if (!strcmp(figure.name, name)) return true;
    }
    return false;
}

static void a_search_counts_the_blocks_that_it_looks_at(void **state)
{
    (void)state;
    char *holes[4];
    struct heap *heap = open_with_holes("first", holes);
    double searches = figure_of(heap, "searches");
    double steps = figure_of(heap, "mean search") * searches;
    assert_ptr_equal(make(heap, 300), holes[2]); /* after two that are too small */
    assert_int_equal((int)figure_of(heap, "searches"), (int)searches + 1);
    assert_int_equal((int)(figure_of(heap, "mean search") * (searches + 1) + 0.5),
                     (int)(steps + 3.5));
    assert_int_equal((int)figure_of(heap, "longest search"), 3);
    heap_close(heap);
    heap = open_spec("free-list:policy=tlsf");
    assert_false(has_figure(heap, "mean search"));
    heap_close(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_fit_takes_the_lowest_block_that_fits),
        cmocka_unit_test(next_fit_goes_on_from_its_last_place),
        cmocka_unit_test(best_fit_takes_the_smallest_block_that_fits),
        cmocka_unit_test(best_fit_is_right_about_hundreds_of_sizes),
        cmocka_unit_test(best_fit_never_takes_more_than_it_must),
        cmocka_unit_test(tlsf_takes_a_good_fit),
        cmocka_unit_test(a_search_counts_the_blocks_that_it_looks_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
