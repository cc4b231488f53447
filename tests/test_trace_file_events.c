/* Events that no program could have asked for are refused, by bytes that the writer never makes;
 * and sound ones around them are kept. */
#include "trace_file_test.h"

/* Tags by hand; a size or distance of one byte each. */
enum {
    NEW = EVENT_NEW,
    FREE = EVENT_FREE,
    RESIZE = EVENT_RESIZE,
    QUERY = EVENT_QUERY,
    VISIT = EVENT_VISIT,
    MARK = EVENT_MARK,
    SIZE_OF_2 = 1 << TAG_SIZE_SHIFT,
    DISTANCE_OF_2 = 1 << TAG_DISTANCE_SHIFT,
    PHASE = MARK_PHASE << TAG_MARK_SHIFT,
    STATE = MARK_STATE << TAG_MARK_SHIFT
};

struct columns {
    const char *name; /* what is wrong, as the error says it; "" for nothing */
    uint32_t event_count, sound_count;
    size_t byte_count;
    uint8_t bytes[16];
};

static const struct columns cases[] = {
    {"", 2, 2, 4, {NEW, FREE, 40, 0}},
    {"", 4, 4, 9, {NEW, NEW, RESIZE, FREE, 8, 9, 7, 0, 0}},
    {"", 3, 3, 6, {NEW, VISIT, FREE, 8, 0, 0}},
    {"frees slot 1, which is not alive", 2, 1, 4, {NEW, FREE, 40, 2}},
    {"frees slot 4294967295, which is not alive", 2, 1, 4, {NEW, FREE, 40, 1}},
    {"frees slot 0, which is not alive", 1, 0, 2, {FREE, 0}},
    {"frees slot 0, which is not alive", 3, 2, 6, {NEW, FREE, FREE, 40, 0, 0}},
    {"frees slot 0, which is not alive", 2, 1, 3, {QUERY, FREE, 0}},
    {"resizes slot 3, which is not alive", 2, 1, 5, {NEW, RESIZE, 40, 41, 6}},
    {"resizes slot 0, which is alive, to 0 bytes", 2, 1, 5, {NEW, RESIZE, 40, 0, 0}},
    {"a new block of 0 bytes", 2, 1, 3, {QUERY, NEW, 0}},
    {"visits slot 0, which is not alive or below 8 bytes", 2, 1, 4, {NEW, VISIT, 7, 0}},
    {"visits slot 9, which is not alive or below 8 bytes", 2, 1, 4, {NEW, VISIT, 8, 18}},
    {"mark 1 with the argument 2", 2, 1, 4, {MARK | PHASE, MARK | STATE, 9, 2}},
    {"a tag that does not exist", 1, 0, 1, {6}},
    {"a tag that does not exist", 1, 0, 1, {7}},
    {"a tag that does not exist", 1, 0, 1, {QUERY | 0x80}},
    {"a tag that does not exist", 1, 0, 2, {NEW | DISTANCE_OF_2, 40}},
    {"a tag that does not exist", 1, 0, 2, {MARK, 0}},
    {"a tag that does not exist", 1, 0, 2, {MARK | 7 << TAG_MARK_SHIFT, 0}},
    {"a chunk of 3 bytes where its tags say 2", 1, 0, 3, {NEW, 40, 40}},
    {"a chunk of 1 bytes where its tags say 2", 1, 0, 1, {NEW}},
    {"a chunk of 2 bytes where its tags say 3", 1, 0, 2, {NEW | SIZE_OF_2, 40}},
    {"a chunk of 1 bytes for 2 events", 2, 0, 1, {QUERY}},
};

/* What decoding must do with a slot's leftovers is seen by decoding twice. */
static void events_are_decoded_up_to_the_first_that_cannot_be(void **state)
{
    (void)state;
    struct decoder *decoder = calloc(1, sizeof *decoder);
    struct trace_event *events = calloc(TRACE_FLUSH_EVENTS, sizeof *events);
    decoder_open(decoder, true);
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        const struct columns *columns = &cases[i / 2];
        struct error error = {""};
        decoder_rewind(decoder);
        uint32_t sound = decoder_decode(decoder, columns->bytes, columns->byte_count,
                                        columns->event_count, events, &error);
        assert_string_equal(error.text, columns->name);
        assert_int_equal(sound, columns->sound_count);
        assert_int_equal(decoder->seen.event_count, sound);
    }
    decoder_close(decoder);
    free(events);
    free(decoder);
}

static void visits_are_refused_where_the_head_says_there_are_none(void **state)
{
    (void)state;
    struct decoder *decoder = calloc(1, sizeof *decoder);
    struct trace_event events[3];
    struct error error = {""};
    decoder_open(decoder, false);
    const struct columns *columns = &cases[2];
    assert_int_equal(
        decoder_decode(decoder, columns->bytes, columns->byte_count, 3, events, &error), 0);
    assert_string_equal(error.text, "a tag that does not exist");
    decoder_close(decoder);
    free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_decoded_up_to_the_first_that_cannot_be),
        cmocka_unit_test(visits_are_refused_where_the_head_says_there_are_none),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
