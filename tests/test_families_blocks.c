/* Blocks that grow, and blocks in awkward sizes and places: arrays, size-classes, survivors. */
#include "family_test.h"

static void arrays_grow_by_their_rule(void **state)
{
    (void)state;
    struct lives lives = make_lives("arrays", "arrays=4,growths=80,bytes=4K,others=0");
    for (size_t i = 0; i < lives.count; i++) {
        assert_int_equal(lives.at[i].first_size, 64);
        assert_int_equal(lives.at[i].size, (size_t)64 << lives.at[i].growths);
        assert_in_range(lives.at[i].growths, 0, 6); /* 64 << 6 is 4K */
    }
    assert_int_equal(lives.count, 4 * 3); /* 20 turns of each, 7 an array */
    free(lives.at);
}

static void appended_strings_are_garbage_of_one_length_more(void **state)
{
    (void)state;
    struct lives lives =
        make_lives("arrays", "arrays=1,growths=50,rule=append,step=5,others=0,garbage=10");
    assert_int_equal(lives.count, 50);
    for (size_t i = 0; i < lives.count; i++) {
        assert_int_equal(lives.at[i].size, 64 + 5 * i);
        assert_int_equal(lives.at[i].growths, 0);
        if (i < 40) assert_int_equal(lives.at[i].death, (i / 10 + 1) * 10 + 1);
    }
    free(lives.at);
}

/* As many blocks of each as come to 8 KiB or just above. */
static void check_classes(const char *classes, const size_t *sizes, size_t count)
{
    char options[80];
    snprintf(options, sizeof options, "classes=%s,most=128,bytes=8K", classes);
    struct lives lives = make_lives("size-classes", options);
    size_t block = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t made = 0; made < 8192; made += sizes[i], block++) {
            assert_int_equal(lives.at[block].size, sizes[i]);
            assert_int_equal(lives.at[block].death_order, block);
            assert_int_equal(lives.at[block].death, lives.count); /* all alive at once */
        }
    }
    assert_int_equal(block, lives.count);
    free(lives.at);
}

static void blocks_exceed_each_class_by_one_byte(void **state)
{
    (void)state;
    check_classes("powers", (const size_t[]){9, 17, 33, 65, 129}, 5);
    check_classes(
        "8", (const size_t[]){9, 17, 25, 33, 41, 49, 57, 65, 73, 81, 89, 97, 105, 113, 121, 129},
        16);
    check_classes("geometric", (const size_t[]){9, 17, 25, 33, 41, 49, 57, 65, 81, 97, 113, 129},
                  12);
}

static void one_block_in_so_many_survives_its_round(void **state)
{
    (void)state;
    struct lives lives = make_lives("survivors", "size=16,growth=16,bytes=64K,every=16,rounds=3");
    size_t survivors[3] = {0}, born[3] = {0};
    for (size_t i = 0; i < lives.count; i++) {
        const struct life *life = &lives.at[i];
        assert_int_equal(life->size, 16 * (life->phase + 1));
        survivors[life->phase] += life->death == lives.count && life->birth % 16 == 0;
        born[life->phase]++;
    }
    assert_int_equal(born[0], 4096);
    assert_int_equal(survivors[0], 256);
    assert_int_equal(born[1], 2048);
    assert_int_equal(survivors[1], 128);
    free(lives.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_grow_by_their_rule),
        cmocka_unit_test(appended_strings_are_garbage_of_one_length_more),
        cmocka_unit_test(blocks_exceed_each_class_by_one_byte),
        cmocka_unit_test(one_block_in_so_many_survives_its_round),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
