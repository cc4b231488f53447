/* The start: what is done once in a process, at its first allocation or in this library's
 * constructor, whichever comes first. */
#ifndef CORONA_START_H
#define CORONA_START_H

void start_corona(void);

#endif
