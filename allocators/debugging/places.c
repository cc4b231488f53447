/* A place is kept as its line number and then its source's name, with the zero. A program comes
 * back to the same few lines: those seen lately are found by line and one comparison of names.
 */
#include "places.h"

#include <string.h>

enum { NAME_MAXIMUM = 1024 }; /* bytes of a source's name; what is longer is cut off */

bool places_open(struct places *places)
{
    places->recent = pages_map(PLACES_RECENT * sizeof *places->recent);
    if (places->recent && depot_open(&places->depot)) return true;
    places_close(places);
    return false;
}

void places_close(struct places *places)
{
    if (places->recent) pages_unmap(places->recent, PLACES_RECENT * sizeof *places->recent);
    places->recent = NULL;
    depot_close(&places->depot);
}

static uint32_t intern(struct places *places, const struct place *place, size_t length)
{
    struct {
        int line;
        char source[NAME_MAXIMUM + 1];
    } kept = {.line = place->line};
    if (length > NAME_MAXIMUM) length = NAME_MAXIMUM;
    memcpy(kept.source, place->source, length);
    return depot_intern(&places->depot, &kept, sizeof kept.line + length + 1);
}

static uint32_t number_of(struct places *places, const struct place *place)
{
    struct recent_place *recent = &places->recent[(unsigned)place->line % PLACES_RECENT];
    if (recent->line == place->line && recent->number && !strcmp(recent->source, place->source)) {
        return recent->number;
    }
    size_t length = strlen(place->source);
    uint32_t number = intern(places, place, length);
    if (length >= PLACE_SOURCE_BYTES) return number;
    *recent = (struct recent_place){.number = number, .line = place->line};
    memcpy(recent->source, place->source, length);
    return number;
}

uint32_t places_current(struct places *places, const struct host *host)
{
    struct place place;
    if (!host->locate || !host->locate(host->program, &place)) return 0;
    return number_of(places, &place);
}

bool places_at(const struct places *places, uint32_t number, struct place *out)
{
    size_t length;
    const char *kept = depot_at(&places->depot, number, &length);
    if (!kept) return false;
    memcpy(&out->line, kept, sizeof out->line);
    out->source = kept + sizeof out->line;
    return true;
}

size_t places_footprint(const struct places *places)
{
    return depot_footprint(&places->depot);
}
