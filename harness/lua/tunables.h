/* Libraries with much thread-local storage need a tunable that is read when a process starts. */
#ifndef TUNABLES_H
#define TUNABLES_H

/* Runs this program again with the same arguments and that tunable where the spec needs it, else
 * returns; in the process that was started so it returns too. */
void tunables_start_again(const char *spec, char **argv);

#endif
