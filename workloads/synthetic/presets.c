/* Workloads of the list that are families with chosen options. */
#include <assert.h>
#include <stdio.h>

#include "../../allocators/settings.h"
#include "generators.h"

static bool generate(const struct trace_family *family, const char *options, struct trace *trace,
                     struct random *random)
{
    char text[128];
    struct settings settings;
    struct error error = {""};
    snprintf(text, sizeof text, "%s", options);
    bool is_known = settings_parse(family->name, family->options, text, &settings, &error);
    assert(is_known);
    bool is_whole = family->generate(trace, &settings, random, &error);
    assert(is_whole || trace->is_full); /* else the options do not go together */
    return is_whole;
}

bool generate_server_drift(struct trace *trace, struct random *random)
{
    return generate(&family_server, "requests=5000,cache=1M,sessions=300", trace, random);
}

bool generate_pinned_pages(struct trace *trace, struct random *random)
{
    return generate(&family_survivors, "size=64,growth=64,bytes=4M,every=64", trace, random);
}
