/* The local allocators in every form that a choice or a switch among their options gives them: what
 * tests that try everything go over. */
#ifndef VARIANTS_H
#define VARIANTS_H

/* Visits each allocator's name, then NAME:OPTION=VALUE for every value of a choice and for both of
 * a switch, the standard ones left out, one option at a time. Allocators whose blocks overlap and
 * wrappers are left out, as are values that another option's standard contradicts. */
void variants_each(void (*visit)(void *visitor, const char *spec), void *visitor);

#endif
