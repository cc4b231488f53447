/* One pass over "name=value,…": each value is converted by its option's kind and held against the
 * option's range, so whoever is opened never sees a value that its table does not allow. */
#include "settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

bool error_set(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

const char *settings_bytes(size_t bytes, char *buffer, size_t length)
{
    static const char *const units[] = {"", "K", "M", "G", "T"};
    size_t unit = 0;
    while (bytes && bytes % 1024 == 0 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    snprintf(buffer, length, "%zu%s", bytes, units[unit]);
    return buffer;
}

const char *settings_range(const struct option_row *option, char *buffer, size_t length)
{
    char low[32], high[32];
    switch (option->kind) {
    case OPTION_BYTES:
        snprintf(buffer, length, "%s .. %s", settings_bytes(option->minimum, low, sizeof low),
                 settings_bytes(option->maximum, high, sizeof high));
        break;
    case OPTION_COUNT:
        snprintf(buffer, length, "%zu .. %zu", option->minimum, option->maximum);
        break;
    case OPTION_BOOLEAN: snprintf(buffer, length, "yes or no"); break;
    case OPTION_CHOICE: snprintf(buffer, length, "one of: %s", option->choices); break;
    case OPTION_TEXT: snprintf(buffer, length, "text"); break;
    }
    return buffer;
}

/* 0 for a suffix that is none, or that the kind does not take. */
static size_t suffix_factor(enum option_kind kind, const char *suffix)
{
    static const char letters[] = "KMGT";
    if (!*suffix) return 1;
    const char *letter = strchr(letters, *suffix & ~0x20);
    if (kind != OPTION_BYTES || !letter || !*letter || suffix[1]) return 0;
    return (size_t)1024 << (10 * (letter - letters));
}

static bool parse_number(const struct option_row *option, const char *value, size_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    size_t factor = suffix_factor(option->kind, end);
    if (*value < '0' || *value > '9' || errno || !factor) return false;
    if (__builtin_mul_overflow(number, factor, out)) return false;
    return *out >= option->minimum && *out <= option->maximum;
}

static bool parse_choice(const char *choices, const char *value, size_t *out)
{
    size_t length = strlen(value);
    *out = 0;
    for (const char *choice = choices; *choice; (*out)++) {
        size_t choice_length = strcspn(choice, " ");
        if (length && choice_length == length && !strncmp(choice, value, length)) return true;
        choice += choice_length;
        choice += strspn(choice, " ");
    }
    return false;
}

static bool parse_value(const struct option_row *option, const char *value, size_t *out)
{
    switch (option->kind) {
    case OPTION_BYTES:
    case OPTION_COUNT: return parse_number(option, value, out);
    case OPTION_BOOLEAN: return parse_choice("no yes", value, out);
    case OPTION_CHOICE: return parse_choice(option->choices, value, out);
    case OPTION_TEXT: return *value != '\0';
    }
    return false;
}

/* Whose options are being read, for what is said of them. */
struct owner {
    const char *name;
    const struct option_row *options;
};

static bool take_value(const struct owner *owner, const struct option_row *option,
                       const char *value, struct settings *settings, struct error *error)
{
    size_t position = (size_t)(option - owner->options);
    char range[256];
    settings->values[position].text = value;
    if (parse_value(option, value, &settings->values[position].number)) return true;
    return error_set(error, "%s: option %s=%s is not allowed: give %s", owner->name, option->name,
                     value, settings_range(option, range, sizeof range));
}

static bool take_standards(const struct owner *owner, struct settings *settings,
                           struct error *error)
{
    for (const struct option_row *option = owner->options; option && option->name; option++) {
        if (!*option->standard) {
            settings->values[option - owner->options].text = "";
            continue;
        }
        if (!take_value(owner, option, option->standard, settings, error)) return false;
    }
    return true;
}

static const struct option_row *find_option(const struct owner *owner, const char *name,
                                            struct error *error)
{
    struct nearest nearest = {.wanted = name};
    const struct option_row *option = owner->options;
    char advice[128];
    if (!option) {
        error_set(error, "%s takes no options, so `%s` means nothing to it", owner->name, name);
        return NULL;
    }
    for (; option->name; option++) {
        if (!strcmp(option->name, name)) return option;
        nearest_offer(&nearest, option->name);
    }
    error_set(error, "%s has no option `%s`%s (heapbench list shows them)", owner->name, name,
              nearest_advice(&nearest, advice, sizeof advice));
    return NULL;
}

bool settings_parse(const char *name, const struct option_row *options, char *text,
                    struct settings *settings, struct error *error)
{
    const struct owner owner = {name, options};
    if (!take_standards(&owner, settings, error)) return false;
    char *rest = text, *part;
    bool has_options = *text != '\0';
    while (has_options && (part = strsep(&rest, ","))) {
        char *value = strchr(part, '=');
        if (value) *value++ = '\0';
        const struct option_row *option = find_option(&owner, part, error);
        if (!option) return false;
        if (!value && option->kind == OPTION_BOOLEAN) value = "yes";
        if (!take_value(&owner, option, value ? value : "", settings, error)) return false;
    }
    return true;
}

bool settings_read(const char *name, const struct option_row *option, const char *value,
                   size_t *out, struct error *error)
{
    const struct owner owner = {name, option};
    struct settings settings;
    if (!take_value(&owner, option, value, &settings, error)) return false;
    *out = settings.values[0].number;
    return true;
}
