/* What can be set of every trace, whatever made it, beside the options of its family. */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include "../workload.h"

/* What is written when a block is born, and of what is new of it when it has grown. */
enum touch {
    TOUCH_NONE,
    TOUCH_ENDS,  /* its first and its last whole word */
    TOUCH_LINES, /* one word in every 64 bytes, and the last */
    TOUCH_ALL,   /* every byte */
    TOUCH_STANDARD,
};

enum thread_order {
    ORDER_ONE,      /* one thread makes all calls */
    ORDER_RECORDED, /* each thread its own, one call at a time, as recorded */
    ORDER_FREE,     /* each its own, waiting only for the blocks of others */
};

struct replay_options {
    enum touch touch;
    enum thread_order order;
    unsigned passes;        /* 0: by the trace's length */
    uint64_t seed;          /* 0: the run's */
    uint64_t memory_bytes;  /* a file whose events take more is decoded while it is replayed */
    bool has_between;       /* imitates what the program did between its calls */
    struct settings family; /* of the workload's family, where it has one */
    char text[512];         /* what settings point into, so this cannot be copied */
};

/* Ends with a row without a name. */
extern const struct option_row replay_option_rows[];

/* Reads workload->options. False names the option and what is allowed. */
bool replay_options_read(const struct workload *workload, struct replay_options *out,
                         struct error *error);

#endif
