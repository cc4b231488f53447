/* A game loop: game [FOLDER [FRAMES [BUDGET_US]]]
 *
 * One state lives as long as the game. Its collector is stopped, and works between frames alone,
 * in small steps until the frame's budget for it is used up. What only one frame needs, here a
 * planner in a state of its own, lives on a `frame` heap, which is dropped whole.
 */
#include <lalloc.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <time.h>

struct game {
    const char *folder;
    struct lalloc_heap *heap;
    lua_State *L;
    double budget_us;
    double worst_us, total_us; /* of collecting, a frame */
    size_t peak_bytes, cycles, scratch_peak_bytes;
};

/* Of this thread, so that what other programs take is not told as a pause of the collector. */
static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "game: %s: %s\n", what, why);
    exit(1);
}

static void load(lua_State *L, const char *folder, const char *file)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (luaL_loadfile(L, path) || lua_pcall(L, 0, 0, 0)) stop(path, lua_tostring(L, -1));
}

static struct lalloc_heap *open_heap(const char *spec)
{
    char error[LALLOC_ERROR_BYTES];
    struct lalloc_heap *heap = lalloc_open(spec, error, sizeof error);
    if (!heap) stop(spec, error);
    return heap;
}

/* A whole state for one question, and no lua_close: the heap goes, and the state with it. */
static int plan(struct game *game, int frame)
{
    struct lalloc_statistics figures;
    struct lalloc_heap *heap = open_heap("frame:size=256K");
    lua_State *L = lalloc_newstate(heap);
    if (!L) stop("planner", "not enough memory");
    load(L, game->folder, "planner.lua");
    lua_getglobal(L, "plan");
    lua_pushinteger(L, frame);
    if (lua_pcall(L, 1, 1, 0)) stop("planner", lua_tostring(L, -1));
    int steps = (int)lua_tointeger(L, -1);
    lalloc_statistics(heap, &figures);
    if (figures.footprint_bytes > game->scratch_peak_bytes) {
        game->scratch_peak_bytes = figures.footprint_bytes;
    }
    lalloc_close(heap);
    return steps;
}

static void update(struct game *game, int frame)
{
    lua_getglobal(game->L, "update");
    lua_pushinteger(game->L, frame);
    lua_pushinteger(game->L, plan(game, frame));
    if (lalloc_run(game->heap, game->L, 2, 0, 0, LALLOC_ONCE)) {
        stop("update", lua_tostring(game->L, -1));
    }
}

/* Small steps, so that the budget is exceeded by one of them at most. A step starts the collector,
 * which would then run in the middle of a frame: it is stopped again. */
static void collect(struct game *game)
{
    double start = now_us(), spent = 0;
    while (spent < game->budget_us) {
        bool is_cycle_done = lua_gc(game->L, LUA_GCSTEP, 0);
        spent = now_us() - start;
        game->cycles += is_cycle_done;
        if (is_cycle_done) break;
    }
    lua_gc(game->L, LUA_GCSTOP, 0);
    game->total_us += spent;
    if (spent > game->worst_us) game->worst_us = spent;
}

static void note_memory(struct game *game)
{
    struct lalloc_statistics figures;
    lalloc_statistics(game->heap, &figures);
    if (figures.live_bytes > game->peak_bytes) game->peak_bytes = figures.live_bytes;
}

static void play(struct game *game, int frames)
{
    for (int frame = 1; frame <= frames; frame++) {
        update(game, frame);
        note_memory(game);
        collect(game);
    }
}

static void print_outcome(const struct game *game, int frames)
{
    struct lalloc_statistics figures;
    lalloc_statistics(game->heap, &figures);
    lua_getglobal(game->L, "score");
    printf("frames played            %d\n", frames);
    printf("score                    %d\n", (int)lua_tointeger(game->L, -1));
    printf("collections completed    %zu\n", game->cycles);
    printf("worst pause              %.0f us of a budget of %.0f us\n", game->worst_us,
           game->budget_us);
    printf("mean pause               %.0f us\n", game->total_us / frames);
    printf("most alive               %zu KiB\n", game->peak_bytes >> 10);
    printf("held from the system     %zu KiB\n", figures.footprint_bytes >> 10);
    printf("scratch state, dropped   %zu KiB a frame\n", game->scratch_peak_bytes >> 10);
    lua_pop(game->L, 1);
}

int main(int argument_count, char **arguments)
{
    struct game game = {.folder = argument_count > 1 ? arguments[1] : "game"};
    int frames = argument_count > 2 ? atoi(arguments[2]) : 600;
    game.budget_us = argument_count > 3 ? atof(arguments[3]) : 250;
    game.heap = open_heap("hard-limit:bytes=64M+tiered");
    game.L = lalloc_newstate(game.heap);
    if (!game.L || lalloc_openlibs(game.heap, game.L)) stop("start", "not enough memory");
    lua_gc(game.L, LUA_GCSTOP, 0);
    load(game.L, game.folder, "game.lua");
    play(&game, frames);
    print_outcome(&game, frames);
    lalloc_closestate(game.heap, game.L);
    lalloc_close(game.heap);
    return 0;
}
