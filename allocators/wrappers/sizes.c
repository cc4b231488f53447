/* Large sizes hash by multiplication and probe the next row; rows are never taken out, and the
 * table doubles when it is three quarters full. Where the system refuses a larger one, the old one
 * is filled but for one row, which ends every search; what is new then is counted in one heap.
 * Cost: one or two cache lines a size; 24 bytes for each size ever seen, and room.
 */
#include "sizes.h"

#include "../pages.h"

enum { ROWS_FIRST = 512 };

static struct size_row *find_row(struct size_row *rows, size_t capacity, size_t size)
{
    size_t at = (size * 0x9e3779b97f4a7c15u) >> 32;
    while (rows[at & (capacity - 1)].size != size && rows[at & (capacity - 1)].size != 0) at++;
    return &rows[at & (capacity - 1)];
}

static void grow(struct sizes *sizes)
{
    size_t old_capacity = sizes->row_capacity;
    size_t capacity = old_capacity == 0 ? ROWS_FIRST : old_capacity * 2;
    struct size_row *rows = pages_map(capacity * sizeof *rows), *old_rows = sizes->rows;
    if (rows == NULL) return;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old_rows[i].size != 0) *find_row(rows, capacity, old_rows[i].size) = old_rows[i];
    }
    sizes_close(sizes);
    sizes->rows = rows;
    sizes->row_capacity = capacity;
}

struct size_counts *sizes_find_large(struct sizes *sizes, size_t size)
{
    struct size_row *row = NULL;
    if (sizes->rows != NULL) row = find_row(sizes->rows, sizes->row_capacity, size);
    if (row != NULL && row->size == size) return &row->counts;
    if (sizes->row_count >= sizes->row_capacity / 4 * 3) grow(sizes);
    if (sizes->row_count + 1 >= sizes->row_capacity) return &sizes->unrecorded;
    row = find_row(sizes->rows, sizes->row_capacity, size);
    row->size = size;
    sizes->row_count++;
    return &row->counts;
}

static struct size_row row_at(const struct sizes *sizes, size_t position)
{
    if (position >= SIZES_DIRECT) return sizes->rows[position - SIZES_DIRECT];
    return (struct size_row){position, sizes->direct[position]};
}

bool sizes_next(const struct sizes *sizes, size_t *position, struct size_row *out)
{
    if (*position == 0) *position = 1; /* size 0 is no block */
    while (*position < SIZES_DIRECT + sizes->row_capacity) {
        *out = row_at(sizes, (*position)++);
        if (out->counts.asked != 0 || out->counts.released != 0) return true;
    }
    return false;
}

void sizes_close(struct sizes *sizes)
{
    if (sizes->rows != NULL) pages_unmap(sizes->rows, sizes->row_capacity * sizeof *sizes->rows);
    sizes->rows = NULL;
}
