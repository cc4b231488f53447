/* The programs of several threads, one line each, in report order: a name here is the C name of
 * the file's `const struct thread_program program_NAME`. Read with PROGRAM defined. */
PROGRAM(independent)
PROGRAM(handover)
PROGRAM(exchange)
PROGRAM(generations)
