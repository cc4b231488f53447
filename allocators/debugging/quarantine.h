/* What stands in blocks that are kept in quarantine. */
#ifndef QUARANTINE_H
#define QUARANTINE_H

enum { QUARANTINE_POISON = 0xDD };

#endif
