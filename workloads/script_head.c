/* What a script says of itself: its first line is the summary, a line `-- needs: MODULE …` among
 * the first few names the Lua modules that must be installed. */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "script.h"

enum { HEAD_LINES = 5 };

static const char *after(const char *line, const char *start)
{
    size_t length = strlen(start);
    return strncmp(line, start, length) ? NULL : line + length;
}

static void read_head(FILE *file, struct workload *out)
{
    char line[512];
    for (int i = 0; i < HEAD_LINES && fgets(line, sizeof line, file); i++) {
        const char *needs = after(line, "-- needs:"), *comment = after(line, "-- ");
        line[strcspn(line, "\n")] = '\0';
        if (needs) snprintf(out->needs, sizeof out->needs, "%s", needs);
        else if (comment && !*out->summary) {
            snprintf(out->summary, sizeof out->summary, "%.*s", (int)sizeof out->summary - 1,
                     comment);
        }
    }
}

static bool syntax_is_right(const char *path, struct error *error)
{
    lua_State *L = luaL_newstate();
    if (!L) return error_set(error, "%s: no memory for a Lua state", path);
    bool is_right = luaL_loadfile(L, path) == 0;
    if (!is_right) {
        error_set(error, "%s: not a Lua 5.1 script (a trace is called NAME.hbt): %s", path,
                  lua_tostring(L, -1));
    }
    lua_close(L);
    return is_right;
}

bool script_describe(const char *path, struct workload *out, struct error *error)
{
    struct stat status;
    if (stat(path, &status)) return error_set(error, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode)) {
        return error_set(error, "%s: no regular file: give a script or a trace", path);
    }
    FILE *file = fopen(path, "r");
    if (!file) return error_set(error, "%s: %s", path, strerror(errno));
    *out = (struct workload){.kind = &workload_kind_lua};
    read_head(file, out);
    fclose(file);
    if (strlen(path) >= sizeof out->name) {
        return error_set(error, "%s: a workload's path has at most %zu characters", path,
                         sizeof out->name - 1);
    }
    strcpy(out->path, path);
    strcpy(out->name, path);
    return syntax_is_right(path, error);
}

static bool is_found(lua_State *L, const char *module, struct error *reason)
{
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    if (lua_pcall(L, 1, 0, 0) == 0) return true;
    const char *message = lua_tostring(L, -1);
    return error_set(reason, "Lua module %s is not installed (%.*s)", module,
                     message ? (int)strcspn(message, "\n") : 0, message ? message : "");
}

bool script_modules_found(const struct workload *workload, struct error *reason)
{
    char needs[sizeof workload->needs];
    if (!*workload->needs) return true;
    lua_State *L = luaL_newstate();
    if (!L) return error_set(reason, "no memory for a Lua state");
    luaL_openlibs(L);
    strcpy(needs, workload->needs);
    bool all_found = true;
    char *rest = needs, *module;
    while (all_found && (module = strsep(&rest, " "))) {
        if (*module) all_found = is_found(L, module, reason);
    }
    lua_close(L);
    return all_found;
}
