/* What a recording has come to, told on standard error. */
#ifndef RECORD_OUTCOME_H
#define RECORD_OUTCOME_H

#include "../../recorder/harvest.h"

/* A line for each trace, unless is_quiet; and whatever was not recorded. False when that is so. */
bool record_outcome_tell(const struct harvest *harvest, bool is_quiet);

#endif
