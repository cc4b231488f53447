/* The trace's file of an image. */
#ifndef IMAGE_TRACE_H
#define IMAGE_TRACE_H

#include "harvest.h"

/* Appends; opens the file at the first call. What fails is kept in image->error. */
void image_trace_add(struct image *image, struct harvest *harvest, const struct raw_event *events,
                     size_t count);

/* Completes the file, where there is one, and fills in the image's figures. */
void image_trace_close(struct image *image, const struct harvest *harvest);

#endif
