/* What one walk over the events of a trace finds out. All counts are exact; what is kept as a
 * histogram of histogram.h is told to 1/64. Memory: 40 bytes for each slot and 32 for each exact
 * size, beside 350 KiB. */
#ifndef INSPECT_SURVEY_H
#define INSPECT_SURVEY_H

#include "../../allocators/wrappers/histogram.h"
#include "../../workloads/trace.h"
#include "inspect_curve.h"
#include "inspect_sizes.h"

enum survey_call {
    SURVEY_NEW,
    SURVEY_FREE,
    SURVEY_GROW,
    SURVEY_SHRINK,
    SURVEY_SAME,  /* a living block is asked to be as large as it is */
    SURVEY_QUERY, /* (NULL, 0, 0) */
    SURVEY_CALLS
};

enum {
    EARLY_BLOCKS = 64,      /* a block dies early before so many others were born */
    LONG_RUN = 32,          /* frees without a new block or a growth between */
    FACTOR_UNIT = 1000,     /* growth factors are noted in thousandths */
    MOMENTS_KEPT = 64,      /* of phases and of collections: the first so many */
    CLASS_BYTES = 16,       /* width of the classes of sizes up to .. */
    CLASSES_EVEN = 1 << 12, /* .. so many times that; above, buckets of histogram.h */
    CLASSES = CLASSES_EVEN + HISTOGRAM_BUCKETS
};

struct survey_block {
    uint64_t birth_bytes, birth_operation; /* allocated, and called, when it was born */
    uint64_t birth_number;                 /* new blocks before it */
    uint32_t size;                         /* 0: the slot is free */
    uint32_t thread;                       /* that it was born in */
    uint32_t resizes;                      /* until now */
};

struct survey_class {
    uint64_t blocks, peak_blocks, bytes, peak_bytes; /* alive, as asked for */
};

/* Where parts of the program begin. */
struct survey_moments {
    uint64_t count;
    struct {
        uint64_t operation; /* the last one before */
        uint32_t argument;
    } first[MOMENTS_KEPT];
};

struct survey {
    uint64_t events, operations, calls[SURVEY_CALLS], marks[MARK_COUNT];
    uint64_t allocated_bytes; /* of new blocks, and what growths added */
    uint64_t new_bytes;       /* of new blocks alone */
    uint64_t states;          /* opened */
    uint64_t threads;         /* the highest number that made a call, plus one */
    uint32_t alignment;       /* log2 of the greatest that was asked for, or 0 */

    uint64_t live_bytes, live_blocks, peak_bytes, peak_blocks;
    uint64_t peak_bytes_operation, peak_blocks_operation; /* the first, from 1 */
    struct live_curve curve;
    struct histogram waves; /* peak over trough in thousandths, where a tenth is between */

    struct size_table sizes;                      /* of new blocks */
    struct histogram life_bytes, life_operations; /* of blocks that were freed */
    uint64_t early_frees;

    struct histogram chains;  /* resizes of each block that had any */
    struct histogram factors; /* of growths, in thousandths */
    uint64_t doublings;       /* growths to exactly twice the size */

    struct histogram runs;         /* lengths of runs of frees */
    uint64_t frees_in_long_runs;   /* of LONG_RUN or more */
    uint64_t neighbours;           /* pairs of frees that follow one another in a run .. */
    uint64_t neighbours_backwards; /* .. of which the block freed second was born first */
    uint64_t foreign_frees;        /* by another thread than the block was born in */

    /* A new block is reusable when its class has held more blocks than it holds now: then one that
     * was freed has the right size. */
    uint64_t reusable;
    struct survey_class classes[CLASSES];

    struct survey_moments phases, collections;

    /* Of the walk. */
    struct survey_block *blocks; /* by slot */
    size_t block_capacity;
    uint32_t thread, collector;
    uint64_t run, last_birth; /* frees in the current run; birth_number of its latest */
    uint64_t highest, lowest; /* live bytes since the last trough or peak */
    bool is_falling, is_full; /* memory ran out: nothing here means anything */
};

/* NULL when there is no memory. */
struct survey *survey_open(void);

/* The next events, any number of them; they are such as reader.h hands out. */
void survey_take(struct survey *survey, const struct trace_event *events, size_t count);

/* After the last: closes runs and chains, and sorts the sizes. False when memory ran out. */
bool survey_finish(struct survey *survey);

void survey_close(struct survey *survey);

/* The least value of a bucket of histogram.h, or the first beyond the last bucket. */
uint64_t survey_bucket_first(size_t bucket);

/* Those classes' peaks together, in bytes. */
uint64_t survey_class_peaks(const struct survey *survey);

#endif
