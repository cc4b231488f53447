/* What ends the process: one line on standard error, then abort. Allocates nothing. */
#ifndef CORONA_COMPLAINT_H
#define CORONA_COMPLAINT_H

/* The program's mistake: "corona: free(0x7f..): what". */
_Noreturn void complain_of_call(const char *call, const void *block, const char *what);

/* corona's own broken promise, kept in release builds; the library's assert may allocate. */
_Noreturn void complain_of_promise(const char *promise, const char *file, int line);
#define promise(condition) \
    ((condition) ? (void)0 : complain_of_promise(#condition, __FILE__, __LINE__))

#endif
