/* Who dies when, and by whose hand: lifetimes, handover, exchange. */
#include "family_test.h"

/* Deaths whose block was the newest, or the oldest, of those alive that do die. */
struct order {
    size_t newest, oldest, deaths;
};

static int by_death(const void *left, const void *right)
{
    const struct life *a = left, *b = right;
    return (a->death_order > b->death_order) - (a->death_order < b->death_order);
}

/* Blocks in order of their deaths; among those that die later, none (or all) were born before. */
static struct order order_of(struct lives *lives)
{
    struct order order = {.deaths = lives->death_count};
    qsort(lives->at, lives->count, sizeof *lives->at, by_death);
    for (size_t i = 0; i < lives->death_count; i++) {
        const struct life *life = &lives->at[i];
        bool is_newest = true, is_oldest = true;
        for (size_t j = i + 1; j < lives->death_count; j++) {
            if (lives->at[j].birth >= life->death) continue; /* not born yet */
            is_newest &= lives->at[j].birth < life->birth;
            is_oldest &= lives->at[j].birth > life->birth;
        }
        order.newest += is_newest;
        order.oldest += is_oldest;
    }
    return order;
}

static struct order order_by(const char *options)
{
    struct lives lives = make_lives("lifetimes", options);
    struct order order = order_of(&lives);
    free(lives.at);
    return order;
}

static void blocks_die_in_the_order_that_is_named(void **state)
{
    (void)state;
    struct order stack = order_by("blocks=300,births=3000,immortal=5,deaths=stack");
    struct order queue = order_by("blocks=300,births=3000,immortal=5,deaths=queue");
    struct order random = order_by("blocks=300,births=3000,immortal=5,deaths=random");
    assert_int_equal(stack.newest, stack.deaths);
    assert_int_equal(queue.oldest, queue.deaths);
    assert_true(random.newest < random.deaths / 4 && random.oldest < random.deaths / 4);
}

static size_t count_never(const struct lives *lives)
{
    size_t count = 0;
    for (size_t i = 0; i < lives->count; i++) count += lives->at[i].death == NEVER;
    return count;
}

static void immortal_blocks_are_the_share_asked_for(void **state)
{
    (void)state;
    struct lives none = make_lives("lifetimes", "births=20000,deaths=exponential");
    struct lives some = make_lives("lifetimes", "births=20000,immortal=10,deaths=exponential");
    struct lives all = make_lives("lifetimes", "births=2000,immortal=100");
    assert_int_equal(count_never(&none), 0);
    assert_in_range(count_never(&some), 1800, 2200);
    assert_int_equal(count_never(&all), 2000);
    free(none.at);
    free(some.at);
    free(all.at);
}

/* Of the blocks born before `births`: how many lived at most so long. */
static size_t count_short(const struct lives *lives, size_t births, size_t longest)
{
    size_t count = 0;
    for (size_t i = 0; i < births; i++) count += lives->at[i].death - lives->at[i].birth <= longest;
    return count;
}

/* At rest as many live as a life lasts; 63.2 % die within the mean life. */
static void exponential_lives_have_their_mean(void **state)
{
    (void)state;
    struct lives lives = make_lives("lifetimes", "blocks=1000,births=50000,deaths=exponential");
    size_t alive = 0;
    for (size_t i = 0; i < 25000; i++) alive += lives.at[i].death > 25000;
    assert_in_range(alive, 900, 1100);
    assert_in_range(count_short(&lives, 40000, 1000), 24800, 25760);
    free(lives.at);
}

/* 80 % with mean 126, 20 % with mean 4,500: within 375 births die 77.5 % of all, where lives drawn
 * with one mean would have 31 %. */
static void most_of_a_generation_dies_young(void **state)
{
    (void)state;
    struct lives lives = make_lives("lifetimes", "blocks=1000,births=60000,deaths=generational");
    size_t alive = 0;
    for (size_t i = 0; i < 40000; i++) alive += lives.at[i].death > 40000;
    assert_in_range(alive, 850, 1150);
    assert_in_range(count_short(&lives, 40000, 375), 30600, 31400);
    free(lives.at);
}

static size_t count_foreign(const struct lives *lives)
{
    size_t count = 0;
    for (size_t i = 0; i < lives->count; i++) count += lives->at[i].bearer != lives->at[i].heir;
    return count;
}

static void consumers_free_what_producers_bear(void **state)
{
    (void)state;
    struct lives lives = make_lives("handover", "threads=4,blocks=20000,queue=300");
    assert_int_equal(lives.count, 20000);
    for (size_t i = 0; i < lives.count; i++) {
        assert_int_equal(lives.at[i].bearer % 2, 0);
        assert_int_equal(lives.at[i].heir, lives.at[i].bearer + 1);
    }
    free(lives.at);
}

static void a_queue_is_never_longer_than_asked_for(void **state)
{
    (void)state;
    struct trace trace =
        make_trace("handover", "threads=2,sizes=fixed,size=10,queue=300,batch=7", 1);
    assert_in_range(trace.peak_live_bytes, 3000, 3070);
    trace_close(&trace);
}

static void threads_free_foreign_blocks_after_a_generation(void **state)
{
    (void)state;
    const char *once = "threads=3,blocks=100,replacements=6000,turn=20,generation=100";
    const char *twice = "threads=3,blocks=100,replacements=12000,turn=20,generation=100";
    struct lives first = make_lives("exchange", once), both = make_lives("exchange", twice);
    size_t left = 300; /* freed at the end, by the last thread */
    assert_in_range(count_foreign(&first), 0, left);
    assert_in_range(count_foreign(&both), 300, 300 + left);
    free(first.at);
    free(both.at);
}

static void foreign_replacements_are_the_share_asked_for(void **state)
{
    (void)state;
    struct lives lives = make_lives(
        "exchange", "threads=4,blocks=100,replacements=40000,generation=1000000,foreign=100");
    assert_in_range(count_foreign(&lives), 29000, 31000); /* three of four */
    free(lives.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_die_in_the_order_that_is_named),
        cmocka_unit_test(immortal_blocks_are_the_share_asked_for),
        cmocka_unit_test(exponential_lives_have_their_mean),
        cmocka_unit_test(most_of_a_generation_dies_young),
        cmocka_unit_test(consumers_free_what_producers_bear),
        cmocka_unit_test(a_queue_is_never_longer_than_asked_for),
        cmocka_unit_test(threads_free_foreign_blocks_after_a_generation),
        cmocka_unit_test(foreign_replacements_are_the_share_asked_for),
    };
    return cmocka_run_group_tests_name("lives", tests, NULL, NULL);
}
