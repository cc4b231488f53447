/* Sizes independent of each other. A draw beyond the bounds counts as the bound that it exceeds, so
 * that narrow bounds cost no more draws than wide ones: the two bounds may then be more frequent
 * than their source says. Cost: O(1) a draw, of Lua's mix a walk down its table. */
#include "sizes.h"

#include "draws.h"
#include "lua_sizes.h"

enum size_kind { KIND_FIXED, KIND_UNIFORM, KIND_LOG_NORMAL, KIND_LUA, KIND_POWERS };

bool sizes_open(struct size_source *source, const struct settings *settings, struct error *error)
{
    *source = (struct size_source){
        .kind = settings->values[SIZES_KIND].number,
        .typical = settings->values[SIZES_TYPICAL].number,
        .least = settings->values[SIZES_LEAST].number,
        .most = settings->values[SIZES_MOST].number,
    };
    return source->least <= source->most ||
           error_set(error, "least=%zu is above most=%zu: no size lies between", source->least,
                     source->most);
}

static unsigned log_of(size_t bytes)
{
    return 63 ^ (unsigned)__builtin_clzll(bytes);
}

static size_t draw_power(const struct size_source *source, struct random *random)
{
    size_t power = (size_t)1 << draw_between(random, log_of(source->least), log_of(source->most));
    return power - 1 + random_below(random, 3);
}

static size_t draw(const struct size_source *source, struct random *random)
{
    switch (source->kind) {
    case KIND_UNIFORM: return draw_between(random, source->least, source->most);
    case KIND_LOG_NORMAL: return draw_log_normal(random, source->typical);
    case KIND_LUA: return size_draw(lua_block_sizes, random);
    case KIND_POWERS: return draw_power(source, random);
    default: return source->typical;
    }
}

size_t sizes_draw(const struct size_source *source, struct random *random)
{
    size_t bytes = draw(source, random);
    if (bytes < source->least) return source->least;
    return bytes < source->most ? bytes : source->most;
}
