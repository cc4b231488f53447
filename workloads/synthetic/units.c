/* Reads the options of units.h. */
#include "units.h"

bool units_open(struct units *units, const struct settings *settings, size_t least_largest,
                struct error *error)
{
    size_t granule = settings->values[UNITS_GRANULE].number;
    *units = (struct units){
        .live = settings->values[UNITS_LIVE].number / granule,
        .largest = settings->values[UNITS_LARGEST].number / granule,
        .granule = granule,
        .header = settings->values[UNITS_HEADER].number,
    };
    if (units->header >= granule) {
        return error_set(error, "header=%zu leaves nothing of granule=%zu", units->header, granule);
    }
    if (units->largest < least_largest) {
        return error_set(error, "largest=%zu is less than %zu times granule=%zu",
                         settings->values[UNITS_LARGEST].number, least_largest, granule);
    }
    return units->live >= 8 * units->largest ||
           error_set(error, "live=%zu is less than 8 times largest=%zu",
                     settings->values[UNITS_LIVE].number, settings->values[UNITS_LARGEST].number);
}
