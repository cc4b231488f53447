/* Does one thing that no program may; corona has to notice it rather than go on. */
#include "preloaded.h"

static char outside[64] __attribute__((aligned(64)));

static void go_wrong(const char *how)
{
    volatile char on_stack[64] __attribute__((aligned(64))) = "";
    char *volatile block = malloc(100), *volatile large = malloc(200000);
    if (!strcmp(how, "twice")) {
        free(block);
        free(block);
    } else if (!strcmp(how, "large-twice")) {
        free(large);
        free(large);
    } else if (!strcmp(how, "foreign")) free(keep(outside));
    else if (!strcmp(how, "inside")) free(large + 16);
    else if (!strcmp(how, "stack")) free(keep((void *)on_stack));
    else if (!strcmp(how, "resized")) keep(realloc(keep(outside), 100));
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    go_wrong(argv[1]);
    for (int i = 0; i < 10000; i++) keep(malloc(100)); /* where it is noticed late */
    puts("not noticed");
    return 0;
}
