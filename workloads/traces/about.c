/* Text that may be shown on a terminal as it is: UTF-8 without control characters, in lines of a
 * name, a colon and a value.
 */
#include "about.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the character that starts here, 0 when it is none: overlong forms, halves of UTF-16 and
 * numbers above 10FFFF are none, and neither are control characters but the line's end. */
static size_t character_bytes(const unsigned char *text, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = text[0];
    if (first < 0x80) return first == '\n' || (first >= ' ' && first != 0x7F);
    size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || bytes > left) return 0;
    uint32_t code = first & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3F);
    }
    bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    bool is_control = code < 0xA0;
    return code < least[bytes] || code > 0x10FFFF || is_surrogate || is_control ? 0 : bytes;
}

static bool is_line(const char *line, size_t bytes)
{
    const char *colon = memchr(line, ':', bytes);
    return colon != NULL && colon != line && colon + 1 < line + bytes && colon[1] == ' ';
}

static bool check_lines(const char *about, size_t bytes, struct error *error)
{
    size_t number = 1;
    for (const char *line = about, *end = about + bytes; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL || !is_line(line, (size_t)(stop - line))) {
            return error_set(error, "line %zu of its text is not `name: value`", number);
        }
        line = stop + 1;
    }
    return true;
}

bool about_check(const char *about, size_t bytes, struct error *error)
{
    if (bytes >= TRACE_ABOUT_MAXIMUM) {
        return error_set(error, "its text has %zu bytes, at most %d are allowed", bytes,
                         TRACE_ABOUT_MAXIMUM - 1);
    }
    for (size_t i = 0; i < bytes;) {
        size_t step = character_bytes((const unsigned char *)about + i, bytes - i);
        if (step == 0) return error_set(error, "byte %zu of its text is no UTF-8", i);
        i += step;
    }
    return check_lines(about, bytes, error);
}

/* What a cut has left of the last line is none where it ends within the name. */
static size_t drop_stump(const char *about, size_t bytes)
{
    size_t start = bytes;
    while (start > 0 && about[start - 1] != '\n') start--;
    return is_line(about + start, bytes - start) ? bytes : start;
}

size_t about_clean(char out[TRACE_ABOUT_MAXIMUM], const char *about)
{
    size_t left = strlen(about), bytes = 0;
    while (left > 0) {
        size_t step = character_bytes((const unsigned char *)about, left);
        size_t kept = step == 0 ? 1 : step;
        if (bytes + kept + 2 > TRACE_ABOUT_MAXIMUM) break;
        memcpy(out + bytes, step == 0 ? "?" : about, kept);
        about += kept;
        left -= kept;
        bytes += kept;
    }
    if (left > 0) bytes = drop_stump(out, bytes);
    if (bytes > 0 && out[bytes - 1] != '\n') out[bytes++] = '\n';
    out[bytes] = 0;
    return bytes;
}

const char *about_value(const char *about, const char *name, size_t *length)
{
    size_t name_length = strlen(name);
    for (const char *line = about; line != NULL && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, name_length) || line[name_length] != ':') continue;
        const char *value = line + name_length + 1;
        value += strspn(value, " ");
        *length = strcspn(value, "\n");
        return value;
    }
    *length = 0;
    return "";
}

uint64_t about_number(const char *about, const char *name)
{
    size_t length;
    const char *value = about_value(about, name, &length);
    /* A sign or an empty line would be read past. */
    return *value >= '0' && *value <= '9' ? strtoull(value, NULL, 10) : 0;
}
