/* Family `server`: a long run of requests, each a frame.
 *
 *     scratch    blocks of a request, freed with it, the newest first
 *     sessions   a few blocks of a user who stays for a drawn number of requests; each request
 *                opens one, so that `sessions` of them are open at rest
 *     cache      `cache` bytes of entries; each request brings `renewals` new ones, and as many
 *                bytes of others go, whichever
 *
 * Sizes in the cache drift: at the end of the run they are `drift` times those of the start, so
 * holes left by old entries fit new ones ever less, and what is scattered among them stays. The run
 * has `cycles` equal parts, each a phase. At the end of each all sessions are closed, and the cache
 * is filled to exactly `cache` bytes, so that at equal live bytes a heap's growth from the first
 * cycle to the last is drift of the footprint. Cost: O(log sessions) a request, and its calls.
 */
#include "agenda.h"
#include "draws.h"
#include "generators.h"
#include "population.h"
#include "sizes.h"

enum { REQUESTS = SIZES_OPTIONS, SCRATCH, SESSIONS, CACHE, RENEWALS, DRIFT, CYCLES };

enum { SESSION_BLOCKS = 6 };

static const struct option_row options[] = {
    SIZES_ROWS("lua", "64", "8", "8K"),
    [REQUESTS] = {"requests", OPTION_COUNT, "20000", 1, UINT32_MAX, NULL, "in all"},
    [SCRATCH] = {"scratch", OPTION_COUNT, "20", 0, 1 << 20, NULL,
                 "blocks that live as long as their request"},
    [SESSIONS] = {"sessions", OPTION_COUNT, "500", 1, 1 << 20, NULL,
                  "open at rest; a session lasts as many requests, in the mean"},
    [CACHE] = {"cache", OPTION_BYTES, "4M", 64 << 10, (size_t)1 << 36, NULL, "bytes of entries"},
    [RENEWALS] = {"renewals", OPTION_COUNT, "5", 0, 1 << 20, NULL,
                  "entries of the cache that a request replaces"},
    [DRIFT] = {"drift", OPTION_COUNT, "4", 1, 64, NULL,
               "sizes in the cache at the end, as a multiple of those at the start"},
    [CYCLES] = {"cycles", OPTION_COUNT, "4", 1, 1 << 20, NULL,
                "parts of the run, with equal live bytes at the end of each"},
    {0},
};

struct server {
    struct trace *trace;
    struct random *random;
    struct size_source sizes;
    const struct settings *settings;
    struct agenda sessions;
    struct population cache;
    size_t cache_bytes;
    uint32_t request;
};

static size_t option(const struct server *server, size_t position)
{
    return server->settings->values[position].number;
}

/* In 1,024ths, from 1 to drift as the requests go. */
static size_t drift_now(const struct server *server)
{
    size_t gained = (option(server, DRIFT) - 1) * 1024;
    return 1024 + gained * server->request / option(server, REQUESTS);
}

static void evict(struct server *server, size_t most_bytes)
{
    while (server->cache_bytes > most_bytes && !server->trace->is_full) {
        uint32_t slot = population_take_any(&server->cache, server->random);
        server->cache_bytes -= server->trace->sizes[slot];
        trace_free(server->trace, slot);
    }
}

static void enter(struct server *server, size_t bytes)
{
    population_bear(&server->cache, bytes);
    server->cache_bytes += bytes;
}

static void replace(struct server *server)
{
    size_t bytes = sizes_draw(&server->sizes, server->random) * drift_now(server) / 1024;
    evict(server, option(server, CACHE) - bytes);
    enter(server, bytes);
}

static void open_session(struct server *server)
{
    uint64_t end = server->request + draw_exponential(server->random, option(server, SESSIONS));
    for (int i = 0; i < SESSION_BLOCKS; i++) {
        size_t bytes = sizes_draw(&server->sizes, server->random);
        agenda_add(&server->sessions, end, trace_new(server->trace, bytes));
    }
}

static void serve(struct server *server)
{
    struct population scratch;
    trace_mark(server->trace, MARK_FRAME, server->request);
    population_open(&scratch, server->trace);
    while (agenda_free_due(&server->sessions, server->request)) continue;
    for (size_t i = 0; i < option(server, SCRATCH); i++) {
        population_bear(&scratch, sizes_draw(&server->sizes, server->random));
        if (i == option(server, SCRATCH) / 2) open_session(server);
    }
    for (size_t i = 0; i < option(server, RENEWALS); i++) replace(server);
    population_close(&scratch);
    server->request++;
}

/* Room for one entry at least and for two at most is filled by one or two. */
static void level(struct server *server)
{
    size_t bytes = option(server, CACHE), most = server->sizes.most;
    while (agenda_free_due(&server->sessions, UINT64_MAX)) continue;
    evict(server, bytes - most);
    while (server->cache_bytes < bytes && !server->trace->is_full) {
        size_t missing = bytes - server->cache_bytes;
        enter(server, missing < most ? missing : most);
    }
}

static void fill_cache(struct server *server)
{
    while (server->cache_bytes + server->sizes.most < option(server, CACHE) &&
           !server->trace->is_full) {
        enter(server, sizes_draw(&server->sizes, server->random));
    }
}

static void run(struct server *server)
{
    uint64_t requests = option(server, REQUESTS), cycles = option(server, CYCLES);
    fill_cache(server);
    for (uint64_t cycle = 0; cycle < cycles; cycle++) {
        trace_mark(server->trace, MARK_PHASE, (uint32_t)cycle);
        while (server->request < requests * (cycle + 1) / cycles && !server->trace->is_full) {
            serve(server);
        }
        level(server);
    }
    trace_mark(server->trace, MARK_PHASE, (uint32_t)cycles);
}

static bool check(const struct server *server, struct error *error)
{
    size_t largest = server->sizes.most * option(server, DRIFT);
    if (largest > SIZES_HIGHEST) {
        return error_set(error, "most=%zu times drift=%zu is above 1G", server->sizes.most,
                         option(server, DRIFT));
    }
    return largest <= option(server, CACHE) / 2 ||
           error_set(error, "cache=%zu holds less than two entries of most=%zu times drift=%zu",
                     option(server, CACHE), server->sizes.most, option(server, DRIFT));
}

static bool generate(struct trace *trace, const struct settings *settings, struct random *random,
                     struct error *error)
{
    struct server server = {.trace = trace, .random = random, .settings = settings};
    if (!sizes_open(&server.sizes, settings, error) || !check(&server, error)) return false;
    trace->touches_blocks = true;
    agenda_open(&server.sessions, trace);
    population_open(&server.cache, trace);
    run(&server);
    population_close(&server.cache);
    agenda_close(&server.sessions);
    return !trace->is_full;
}

const struct trace_family family_server = {
    .name = "server",
    .summary =
        "requests with scratch memory, sessions that stay a while, a cache whose sizes drift",
    .options = options,
    .generate = generate,
};
