/* A file's head, held against what any trace could say. */
#ifndef TRACE_HEAD_H
#define TRACE_HEAD_H

#include "input.h"
#include "layout.h"
#include "writer.h"

/* False with the input's fault set. */
bool head_read(struct input *input, struct file_head *head, char about[TRACE_ABOUT_MAXIMUM]);

#endif
