/* Bytes by kind of Lua object. A new block is fresh until the next call, when what Lua has made of
 * it can be seen (lua_kind.c); its kind then stands in a byte behind it and goes with it.
 *
 *     | n bytes of the program | kind |      addresses are the inner heap's
 *
 * Blocks are of no kind while they are fresh, so that peaks are true. Cost: the look at a fresh
 * block, whose first line is in the cache, and the byte, which may be in a line of its own.
 */
#include "profile.h"

#include <math.h>
#include <stdio.h>

#include "../pages.h"
#include "lua_kind.h"
#include "../wrappers/wrapped.h"

struct profile {
    struct wrapped wrapped;
    unsigned char *fresh; /* NULL: none */
    size_t fresh_bytes;
    size_t live_bytes, live_blocks;
    struct profile_kind of_kind[KIND_COUNT];
    struct lua_kinds kinds;
};

enum { TRAILER_BYTES = 1 };

static void count_growth(struct profile_kind *kind, size_t old_size, size_t new_size)
{
    kind->live_bytes += new_size - old_size;
    if (new_size > old_size) kind->made_bytes += new_size - old_size;
    if (kind->live_bytes > kind->peak_bytes) kind->peak_bytes = kind->live_bytes;
}

static void count_fresh(struct profile_kind *kind, size_t bytes)
{
    kind->live_blocks++;
    count_growth(kind, 0, bytes);
}

/* Behind a block whose end was written over, or whose size is not what the program says, there is
 * no kind. */
static struct profile_kind *kind_behind(struct profile *profile, const unsigned char *block,
                                        size_t bytes)
{
    return &profile->of_kind[block[bytes] < KIND_COUNT ? block[bytes] : KIND_OTHER];
}

static void judge_fresh(struct profile *profile, const struct lua_next_call *next)
{
    size_t bytes = profile->fresh_bytes;
    enum block_kind kind = lua_kind_judge(&profile->kinds, profile->fresh, bytes, next);
    profile->fresh[bytes] = (unsigned char)kind;
    count_fresh(&profile->of_kind[kind], bytes);
    profile->fresh = NULL;
}

static void *make(struct profile *profile, size_t size)
{
    unsigned char *block = wrapped_resize(&profile->wrapped, NULL, 0, size + TRAILER_BYTES);
    if (!block) return NULL;
    lua_kind_blur(block, size);
    profile->fresh = block;
    profile->fresh_bytes = size;
    profile->live_bytes += size;
    profile->live_blocks++;
    return block;
}

static void *drop(struct profile *profile, void *block, size_t size)
{
    struct profile_kind *kind = kind_behind(profile, block, size);
    kind->live_bytes -= size;
    kind->live_blocks--;
    profile->live_bytes -= size;
    profile->live_blocks--;
    return wrapped_resize(&profile->wrapped, block, size + TRAILER_BYTES, 0);
}

static void *move(struct profile *profile, void *block, size_t old_size, size_t new_size)
{
    struct profile_kind *kind = kind_behind(profile, block, old_size);
    unsigned char *result = wrapped_resize(&profile->wrapped, block, old_size + TRAILER_BYTES,
                                           new_size + TRAILER_BYTES);
    if (!result) return NULL;
    result[new_size] = (unsigned char)(kind - profile->of_kind);
    count_growth(kind, old_size, new_size);
    profile->live_bytes += new_size - old_size;
    return result;
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    struct profile *profile = heap;
    if (profile->fresh) {
        judge_fresh(profile, &(struct lua_next_call){block, old_size, new_size});
    }
    if (new_size > PTRDIFF_MAX - TRAILER_BYTES) return NULL;
    if (!block) {
        return new_size ? make(profile, new_size) : wrapped_resize(&profile->wrapped, NULL, 0, 0);
    }
    lua_kind_change(&profile->kinds, block, old_size, new_size);
    return new_size ? move(profile, block, old_size, new_size) : drop(profile, block, old_size);
}

static void *open_heap(const struct allocator *self, const struct settings *settings,
                       const struct heap *inner, struct error *error)
{
    (void)settings;
    return wrapped_open(self, inner, sizeof(struct profile), error);
}

static void close_heap(void *heap)
{
    pages_unmap(heap, sizeof(struct profile));
}

static void subtract(size_t *figure, size_t bytes)
{
    if (*figure != UNKNOWN) *figure -= *figure < bytes ? *figure : bytes;
}

static void read_statistics(const void *heap, struct heap_statistics *out)
{
    const struct profile *profile = heap;
    size_t trailer_bytes = profile->live_blocks * TRAILER_BYTES;
    wrapped_statistics(heap, out);
    wrapped_clamp(&out->backing_live_bytes, profile->live_bytes);
    subtract(&out->usable_bytes, trailer_bytes);
    subtract(&out->largest_free_bytes, TRAILER_BYTES);
    wrapped_add(&out->metadata_bytes, trailer_bytes);
    out->live_bytes = profile->live_bytes;
    out->live_blocks = profile->live_blocks;
}

/* ---- what is told of it */

/* With the fresh block as it looks now; that it may change is why nothing is kept of it. */
static void read_kinds(const struct profile *profile, struct profile_kind out[KIND_COUNT])
{
    struct lua_kinds kinds = profile->kinds;
    struct lua_next_call none = {"", 0, 0};
    for (int kind = 0; kind < KIND_COUNT; kind++) out[kind] = profile->of_kind[kind];
    if (!profile->fresh) return;
    count_fresh(&out[lua_kind_judge(&kinds, profile->fresh, profile->fresh_bytes, &none)],
                profile->fresh_bytes);
}

bool profile_read(struct heap *heap, struct profile_kind kinds[KIND_COUNT])
{
    struct heap *layer = heap_layer(heap, "profile");
    if (layer) read_kinds(layer->state, kinds);
    return layer != NULL;
}

double profile_error(const struct profile_kind kinds[KIND_COUNT],
                     const size_t exact_bytes[KIND_COUNT])
{
    double difference = 0, sum = 0;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        difference += fabs((double)kinds[kind].live_bytes - (double)exact_bytes[kind]);
        sum += (double)exact_bytes[kind];
    }
    return difference > 0 ? difference / sum : 0;
}

#define OF_KINDS(what)                                                                     \
    {                                                                                      \
        what " string", what " table", what " function", what " userdata", what " thread", \
            what " proto", what " other"                                                   \
    }
static const char *const figure_names[][KIND_COUNT] = {OF_KINDS("live"), OF_KINDS("peak"),
                                                       OF_KINDS("made")};

static bool read_figure(const void *heap, size_t index, struct heap_figure *out)
{
    struct profile_kind kinds[KIND_COUNT];
    size_t row = index / KIND_COUNT, kind = index % KIND_COUNT;
    if (row >= sizeof figure_names / sizeof *figure_names) return false;
    read_kinds(heap, kinds);
    const size_t bytes[] = {kinds[kind].live_bytes, kinds[kind].peak_bytes, kinds[kind].made_bytes};
    *out = (struct heap_figure){figure_names[row][kind], "bytes", (double)bytes[row]};
    return true;
}

struct printer {
    void (*line)(void *out, const char *text);
    void *out;
    char text[160];
};

#define PRINT(printer, ...)                                         \
    (snprintf((printer)->text, sizeof(printer)->text, __VA_ARGS__), \
     (printer)->line((printer)->out, (printer)->text))

static void print_kinds(struct printer *printer, const struct profile_kind kinds[KIND_COUNT],
                        const size_t *exact_bytes)
{
    PRINT(printer, "  %-9s %10s %13s %13s %14s%s", "kind", "blocks", "live bytes", "at most",
          "made in all", exact_bytes ? "       by walk     error" : "");
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const struct profile_kind *of = &kinds[kind];
        char walked[32] = "";
        if (exact_bytes) {
            snprintf(walked, sizeof walked, " %13zu %+9zd", exact_bytes[kind],
                     (ssize_t)(of->live_bytes - exact_bytes[kind]));
        }
        PRINT(printer, "  %-9s %10zu %13zu %13zu %14zu%s", block_kind_names[kind], of->live_blocks,
              of->live_bytes, of->peak_bytes, of->made_bytes, walked);
    }
}

static void report(void *heap, void (*line)(void *out, const char *text), void *out)
{
    struct printer printer = {line, out, ""};
    struct profile *profile = heap;
    const struct host *host = profile->wrapped.inner->host;
    struct profile_kind kinds[KIND_COUNT];
    size_t exact_bytes[KIND_COUNT];
    read_kinds(profile, kinds);
    bool is_walked = host->walk && host->walk(host->program, exact_bytes);
    PRINT(&printer, "profile: bytes by kind of Lua object, told from calls and contents");
    print_kinds(&printer, kinds, is_walked ? exact_bytes : NULL);
    if (is_walked) {
        PRINT(&printer, "  error against a walk of all objects: %.3f %% of live bytes",
              100 * profile_error(kinds, exact_bytes));
    } else {
        PRINT(&printer, "  no Lua state to walk, so the error is not known");
    }
}

static const void *outward(const void *heap, const void *block, size_t *size)
{
    (void)heap;
    subtract(size, TRAILER_BYTES);
    return block;
}

static const struct wrapper_methods methods = {.outward = outward, .report = report};

const struct allocator allocator_profile = {
    .name = "profile",
    .summary = "bytes by kind of Lua object",
    .traits = TRAIT_WRAPPER,
    .alignment = 16,
    .wrapper = &methods,
    .open = open_heap,
    .resize = resize,
    .close = close_heap,
    .statistics = read_statistics,
    .figure = read_figure,
};
