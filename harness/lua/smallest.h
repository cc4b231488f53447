/* The smallest limit that a script ends well in. */
#ifndef SMALLEST_H
#define SMALLEST_H

/* Runs the script again and again, each time in a process of its own, and prints what was found.
 * arguments: the script, then what it is given; ends with NULL. Returns the exit status. */
int smallest_find(const char *spec, char **arguments);

#endif
