/* Lines of the program under numbers. */
#ifndef PLACES_H
#define PLACES_H

#include "../host.h"
#include "depot.h"

enum { PLACES_RECENT = 256, PLACE_SOURCE_BYTES = 64 };

struct places {
    struct depot depot;
    struct recent_place {
        uint32_t number;
        int line;
        char source[PLACE_SOURCE_BYTES];
    } * recent; /* each at its line number modulo their count */
};

/* Memory comes from the system alone. False when it refuses the first of it. */
bool places_open(struct places *places);
void places_close(struct places *places);

/* Of the line that runs now, before the call is passed on; 0 when none is known. */
uint32_t places_current(struct places *places, const struct host *host);

/* False for number 0. The text lives as long as these places. */
bool places_at(const struct places *places, uint32_t number, struct place *out);

size_t places_footprint(const struct places *places);

#endif
