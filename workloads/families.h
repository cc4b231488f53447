/* The families of synthetic traces, one line each, in report order. Read with FAMILY defined. */
FAMILY(lifetimes)
