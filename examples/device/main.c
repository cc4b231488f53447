/* A small device: device [FOLDER [TICKS]]
 *
 * All of Lua lives in one static buffer. The collector is set to work early and fast, since memory
 * is what there is least of, and the limit over it asks for a full collection before it refuses.
 * TLSF takes and gives blocks in constant time. The control loop runs for ever without growing.
 */
#include <lalloc.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

#define SPEC "hard-limit:bytes=96K,collect+free-list:policy=tlsf"

static char memory[128 << 10];

struct device {
    struct lalloc_heap *heap;
    lua_State *L;
};

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "device: %s: %s\n", what, why);
    exit(1);
}

/* What the script needs, and no more: each library costs some KiB. */
static int open_libraries(lua_State *L)
{
    static const luaL_Reg libraries[] = {
        {"", luaopen_base}, {LUA_MATHLIBNAME, luaopen_math}, {LUA_STRLIBNAME, luaopen_string}};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        lua_pushcfunction(L, libraries[i].func);
        lua_pushstring(L, libraries[i].name);
        lua_call(L, 1, 0);
    }
    return 0;
}

static size_t most_alive(const struct device *device)
{
    struct lalloc_statistics figures;
    lalloc_statistics(device->heap, &figures);
    return figures.peak_live_bytes;
}

static void start(struct device *device, const char *folder)
{
    char path[1024], error[LALLOC_ERROR_BYTES];
    device->heap = lalloc_open_in(SPEC, memory, sizeof memory, error, sizeof error);
    if (!device->heap) stop(SPEC, error);
    lua_State *L = device->L = lalloc_newstate(device->heap);
    if (!L || lua_cpcall(L, open_libraries, NULL)) stop("libraries", "not enough memory");
    lua_gc(L, LUA_GCSETPAUSE, 110);   /* the next cycle begins at 1.1 times what is alive */
    lua_gc(L, LUA_GCSETSTEPMUL, 400); /* and marks four times as fast as the program allocates */
    snprintf(path, sizeof path, "%s/control.lua", folder);
    if (luaL_loadfile(L, path) || lua_pcall(L, 0, 0, 0)) stop(path, lua_tostring(L, -1));
}

/* The temperature of a room that the heater warms and the night cools. */
static double run_ticks(struct device *device, int first, int last)
{
    static double temperature = 12;
    for (int tick = first; tick <= last; tick++) {
        lua_getglobal(device->L, "tick");
        lua_pushinteger(device->L, tick);
        lua_pushnumber(device->L, temperature);
        if (lalloc_run(device->heap, device->L, 2, 1, 0, LALLOC_REPEAT)) {
            stop("tick", lua_tostring(device->L, -1));
        }
        double power = lua_tonumber(device->L, -1);
        lua_pop(device->L, 1);
        temperature += power * 0.02 - (temperature - 5) * 0.001;
    }
    return temperature;
}

static void ask_too_much(struct device *device)
{
    lua_getglobal(device->L, "record_everything");
    int status = lalloc_run(device->heap, device->L, 0, 0, 0, LALLOC_ONCE);
    printf("asked too much:       %s\n", status ? lua_tostring(device->L, -1) : "it was there");
    lua_settop(device->L, 0);
}

static void print_log(struct device *device)
{
    lua_getglobal(device->L, "last_entry");
    if (lalloc_run(device->heap, device->L, 0, 1, 0, LALLOC_REPEAT)) return;
    printf("last entry:           %s\n", lua_tostring(device->L, -1));
    lua_pop(device->L, 1);
}

int main(int argument_count, char **arguments)
{
    struct device device;
    int ticks = argument_count > 2 ? atoi(arguments[2]) : 100000;
    start(&device, argument_count > 1 ? arguments[1] : "device");
    printf("buffer:               %zu bytes\n", sizeof memory);
    printf("started with:         %zu bytes at most\n", most_alive(&device));
    run_ticks(&device, 1, ticks / 2);
    size_t early_bytes = most_alive(&device);
    double temperature = run_ticks(&device, ticks / 2 + 1, ticks);
    printf("after %6d ticks:   %zu bytes at most\n", ticks / 2, early_bytes);
    printf("after %6d ticks:   %zu bytes at most\n", ticks, most_alive(&device));
    printf("temperature:          %.1f degrees\n", temperature);
    ask_too_much(&device);
    temperature = run_ticks(&device, ticks + 1, ticks + 1000);
    printf("1000 ticks later:     %.1f degrees\n", temperature);
    print_log(&device);
    lalloc_closestate(device.heap, device.L);
    lalloc_close(device.heap);
    return 0;
}
