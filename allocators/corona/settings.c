/* Settings are read from the environment once, by whoever comes first. Nothing here allocates:
 * snprintf of short fields into a buffer on the stack does not. */
#include "settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synchronisation.h"

enum { LINE_BYTES = 200 };

/* The most is what the table of owners has room for: ARENA_GRANULES. */
static const size_t ARENA_LEAST = (size_t)16 << 20, ARENA_MOST = (size_t)2 << 40;

struct settings_of_corona corona_settings = {
    .huge_pages = HUGE_AUTO,
    .huge_threshold_bytes = (size_t)64 << 20,
    .arena_bytes = (size_t)1 << 40,
    .purge_delay_ms = 500,
};

static struct lock lock;
static _Atomic bool is_read;

static bool parse_number(const char *text, size_t most, size_t *out, const char **end)
{
    size_t number = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        size_t value = (size_t)(*digit - '0');
        if (value > most || number > (most - value) / 10) return false;
        number = number * 10 + value;
    }
    *out = number;
    *end = digit;
    return digit > text;
}

/* A number, and K, M, G or T for powers of 1024. */
static bool parse_bytes(const char *text, size_t most, size_t *out)
{
    static const char units[] = "KMGT";
    const char *end, *unit;
    size_t number;
    if (!parse_number(text, most, &number, &end)) return false;
    unsigned shift = 0;
    if (*end && (unit = strchr(units, *end & ~0x20))) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
    }
    if (*end || number > most >> shift) return false;
    *out = number << shift;
    return true;
}

static bool read_huge_pages(const char *text)
{
    static const char *const names[] = {"no", "auto", "always"};
    for (int i = HUGE_NO; i <= HUGE_ALWAYS; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        corona_settings.huge_pages = (enum huge_pages)i;
        return true;
    }
    return false;
}

static bool read_huge_threshold(const char *text)
{
    return parse_bytes(text, SIZE_MAX, &corona_settings.huge_threshold_bytes);
}

static bool read_arena(const char *text)
{
    size_t bytes;
    if (!parse_bytes(text, ARENA_MOST, &bytes) || bytes < ARENA_LEAST) return false;
    corona_settings.arena_bytes = bytes;
    return true;
}

static bool read_purge_delay(const char *text)
{
    const char *end;
    size_t number;
    if (!parse_number(text, INT_MAX, &number, &end) || *end) return false;
    corona_settings.purge_delay_ms = (uint32_t)number;
    return true;
}

static bool read_choice(const char *text, bool *out)
{
    bool is_yes = strcmp(text, "yes") == 0 || strcmp(text, "1") == 0;
    if (!is_yes && strcmp(text, "no") != 0 && strcmp(text, "0") != 0) return false;
    *out = is_yes;
    return true;
}

static bool read_verbose(const char *text)
{
    return read_choice(text, &corona_settings.is_verbose);
}

static bool read_statistics(const char *text)
{
    return read_choice(text, &corona_settings.has_statistics);
}

static bool read_debugging(const char *text)
{
    return read_choice(text, &corona_settings.is_debugging);
}

static const struct variable {
    const char *name, *values;
    bool (*read)(const char *text); /* false where it cannot be understood; nothing has changed */
} variables[] = {
    {"CORONA_HUGE_PAGES", "no, auto or always", read_huge_pages},
    {"CORONA_HUGE_THRESHOLD", "bytes, such as 64M", read_huge_threshold},
    {"CORONA_ARENA", "bytes from 16M to 2T", read_arena},
    {"CORONA_PURGE_DELAY", "milliseconds, such as 500", read_purge_delay},
    {"CORONA_VERBOSE", "yes or no", read_verbose},
    {"CORONA_STATS", "yes or no", read_statistics},
    {"CORONA_DEBUG", "yes or no", read_debugging},
};

static void say(const char *line, int length)
{
    system_say(line, length < LINE_BYTES ? (size_t)length : LINE_BYTES - 1);
}

static void warn(const struct variable *variable, const char *text)
{
    char line[LINE_BYTES];
    say(line, snprintf(line, sizeof line, "corona: %s=%.60s is ignored; give %s\n", variable->name,
                       text, variable->values));
}

static void say_settings(void)
{
    static const char *const huge[] = {"no", "auto", "always"};
    const struct settings_of_corona *all = &corona_settings;
    char line[LINE_BYTES];
    say(line, snprintf(line, sizeof line,
                       "corona: huge pages %s from %zu MiB on, arena %zu MiB, purge delay %u ms, "
                       "stats %s, debug %s\n",
                       huge[all->huge_pages], all->huge_threshold_bytes >> 20,
                       all->arena_bytes >> 20, all->purge_delay_ms,
                       all->has_statistics ? "yes" : "no", all->is_debugging ? "yes" : "no"));
}

/* False when the environment cannot be read yet. An empty value is as good as none. */
static bool read_all(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        bool is_ready;
        const char *text = system_environment(variables[i].name, &is_ready);
        if (!is_ready) return false;
        if (text && *text && !variables[i].read(text)) warn(&variables[i], text);
    }
    if (corona_settings.is_verbose) say_settings();
    return true;
}

bool settings_read_environment(void)
{
    /* acquire: who sees that they are read sees the settings. */
    if (atomic_load_explicit(&is_read, memory_order_acquire)) return true;
    lock_take(&lock);
    if (!atomic_load_explicit(&is_read, memory_order_relaxed)) {
        /* release: for the load above. */
        atomic_store_explicit(&is_read, read_all(), memory_order_release);
    }
    lock_drop(&lock);
    return atomic_load_explicit(&is_read, memory_order_relaxed);
}
