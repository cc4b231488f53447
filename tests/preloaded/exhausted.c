/* At the end of memory: NULL and ENOMEM, all that was given stays as it was, and once some is freed
 * there is memory again. */
#include "preloaded.h"

#include <sys/resource.h>

enum { BLOCKS = 100000 };

static void *blocks[BLOCKS];

static size_t size_of(size_t number)
{
    return number % 10 ? 8 + number % 3000 : 50000 + number % 7 * 100000;
}

static size_t fill(void)
{
    size_t count = 0;
    errno = 0;
    while (count < BLOCKS && (blocks[count] = malloc(size_of(count)))) {
        stamp(blocks[count], size_of(count), (unsigned)count);
        count++;
    }
    CHECK(count < BLOCKS && errno == ENOMEM);
    return count;
}

int main(void)
{
    struct rlimit limit = {128 << 20, 128 << 20};
    CHECK(!setrlimit(RLIMIT_DATA, &limit));
    size_t first = fill();
    CHECK(first > 1000);
    for (size_t i = 0; i < first; i++) {
        CHECK(!keep(realloc(blocks[i], (size_t)1 << 30)) && !keep(calloc(1, (size_t)1 << 30)));
        check_stamp(blocks[i], size_of(i), (unsigned)i);
        free(blocks[i]);
    }
    size_t second = fill();
    CHECK(second > first / 2);
    puts("done");
    return 0;
}
