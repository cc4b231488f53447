/* Whatever happens to a trace's file on its way is found and said: cut anywhere, any bit changed,
 * parts exchanged or doubled. */
#include "trace_damage_test.h"

static void a_file_cut_off_at_any_byte_is_refused(void **state)
{
    (void)state;
    for (size_t count = 1; count < whole.count; count++) {
        char reason[64];
        struct error error;
        broken = whole;
        broken.count = count;
        snprintf(reason, sizeof reason, "cut off at byte %zu of ", count);
        assert_broken_refused(reason);
        assert_null(trace_reader_open(broken_path, &error)); /* before any event is read */
    }
    broken.count = 0;
    assert_broken_refused("is empty");
}

static void a_file_cut_off_whose_head_says_so_is_refused(void **state)
{
    (void)state;
    for (size_t count = chunk_offset(0); count < whole.count; count++) {
        broken = whole;
        broken.count = count;
        put_head(&broken, layout_head(whole.bytes));
        assert_broken_refused("byte ");
    }
}

static void any_changed_bit_is_refused(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < whole.count * 8; bit++) {
        broken = whole;
        broken.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_broken_refused(": ");
    }
}

static void bytes_behind_the_end_are_refused(void **state)
{
    (void)state;
    broken = whole;
    broken.bytes[broken.count++] = 0;
    assert_broken_refused("1 bytes too many");
    put_head(&broken, layout_head(whole.bytes));
    assert_broken_refused("1 bytes behind its end");
}

static void chunks_exchanged_doubled_or_left_out_are_refused(void **state)
{
    (void)state;
    static const unsigned orders[][4] = {
        {0, 2, 1, 3}, {1, 0, 2, 3}, {0, 0, 1, 2}, {0, 1, 1, 2}, {0, 2, 3, 3}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        broken = whole;
        broken.count = chunk_offset(0);
        for (unsigned part = 0; part < 4; part++) {
            unsigned chunk = orders[i][part];
            if (chunk == CHUNKS) continue; /* none */
            size_t bytes = chunk_offset(chunk + 1) - chunk_offset(chunk);
            memcpy(broken.bytes + broken.count, whole.bytes + chunk_offset(chunk), bytes);
            broken.count += bytes;
        }
        put_head(&broken, layout_head(whole.bytes));
        assert_broken_refused(" is due: the file is damaged");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_off_at_any_byte_is_refused),
        cmocka_unit_test(a_file_cut_off_whose_head_says_so_is_refused),
        cmocka_unit_test(any_changed_bit_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(chunks_exchanged_doubled_or_left_out_are_refused),
    };
    return cmocka_run_group_tests(tests, write_whole, remove_folder);
}
