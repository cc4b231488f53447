/* Read from /proc and /sys; a file that is not there leaves its fact null. */
#include "facts.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "child.h"

enum { FACT_LENGTH = 8192 };

/* The file's first line, or the rest of its first line that starts with `key` after a colon. */
static json_t *read_fact(const char *path, const char *key)
{
    static char line[FACT_LENGTH];
    json_t *fact = NULL;
    FILE *file = fopen(path, "re");
    while (file && !fact && fgets(line, sizeof line, file)) {
        const char *value = line;
        line[strcspn(line, "\n")] = '\0';
        if (key && strncmp(line, key, strlen(key))) continue;
        if (key) value = strchr(line, ':');
        if (!value) continue;
        fact = json_string(value + (key ? strspn(value, ": ") : 0));
    }
    if (file) fclose(file);
    return fact ? fact : json_null();
}

/* The word in brackets, as in "always [madvise] never". */
static json_t *read_chosen(const char *path)
{
    json_t *line = read_fact(path, NULL);
    const char *text = json_string_value(line), *open = text ? strchr(text, '[') : NULL;
    if (!open) return line;
    json_t *chosen = json_stringn(open + 1, strcspn(open + 1, "]"));
    json_decref(line);
    return chosen;
}

static json_t *describe_caches(void)
{
    static const struct {
        const char *name;
        int key;
    } levels[] = {{"L1d", _SC_LEVEL1_DCACHE_SIZE},
                  {"L2", _SC_LEVEL2_CACHE_SIZE},
                  {"L3", _SC_LEVEL3_CACHE_SIZE}};
    char text[128] = "";
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        size_t used = strlen(text);
        long bytes = sysconf(levels[i].key);
        if (bytes <= 0) continue;
        snprintf(text + used, sizeof text - used, "%s%s %ldK", used ? ", " : "", levels[i].name,
                 bytes / 1024);
    }
    return json_string(text);
}

json_t *facts_machine(void)
{
    struct utsname system;
    uname(&system);
    return json_pack(
        "{s:o, s:i, s:o, s:o, s:I, s:s, s:o, s:o, s:o, s:s}", "model",
        read_fact("/proc/cpuinfo", "model name"), "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN),
        "flags", read_fact("/proc/cpuinfo", "flags"), "caches", describe_caches(), "memory_bytes",
        (json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE), "kernel", system.release,
        "transparent_huge_pages", read_chosen("/sys/kernel/mm/transparent_hugepage/enabled"),
        "aslr", read_fact("/proc/sys/kernel/randomize_va_space", NULL), "governor",
        read_fact("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", NULL), "libc",
        gnu_get_libc_version());
}

json_t *facts_program(void)
{
    char digest[SHA256_DIGEST_STRING_LENGTH] = "";
    SHA256File("/proc/self/exe", digest);
    return json_pack("{s:s, s:s, s:s, s:s}", "version", HEAPBENCH_VERSION, "sha256", digest,
                     "compiler", HEAPBENCH_COMPILER " " __VERSION__, "flags", HEAPBENCH_FLAGS);
}

/* Clock ticks that all processors together lost to others on the same host, since boot. */
static json_int_t read_steal(void)
{
    unsigned long long steal = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (!file) return 0;
    if (fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1) steal = 0;
    fclose(file);
    return (json_int_t)steal;
}

json_t *facts_moment(void)
{
    char stamp[32];
    double load[3] = {0, 0, 0};
    time_t now = time(NULL);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    if (getloadavg(load, 3) < 0) load[0] = load[1] = load[2] = 0;
    return json_pack("{s:s, s:[f, f, f], s:I}", "time", stamp, "load", load[0], load[1], load[2],
                     "steal_ticks", read_steal());
}
