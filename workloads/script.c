/* A script is run as an embedder would: a state opened on the heap, the standard libraries, the
 * chunk, lua_close. All of that is the timed run; the script's text is in memory before.
 *
 * The answer is what the script prints and returns: short answers as they are, others as a digest.
 * Before the state closes, Lua's own count of its bytes is held against the heap's, where it keeps
 * one: they must agree to the byte. */
#include "script.h"
#include "lua_marks.h"
#include "traceback.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../allocators/pages.h"
#include "../allocators/wrappers/count.h"
#include "../allocators/limits/limit.h"
#include "../lalloc/lua_host.h"

struct script {
    char *text; /* private pages: the file may change while we run */
    size_t text_length;
    char chunk_name[256];
    int output, former_output; /* standard output is caught in a file without a name */
    char *returned;            /* what the script returned, as text; NULL when nothing */
    size_t returned_length;
    bool is_out_of_memory;
    const struct heap *heap; /* of the run */
};

static bool read_file(const char *path, struct script *script, struct error *error)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status)) {
        if (file >= 0) close(file);
        return error_set(error, "%s: %s", path, strerror(errno));
    }
    script->text_length = (size_t)status.st_size;
    script->text = pages_map(script->text_length + 1);
    ssize_t got = script->text ? read(file, script->text, script->text_length) : -1;
    close(file);
    return got == status.st_size || error_set(error, "%s: cannot be read whole", path);
}

static bool catch_output(struct script *script, struct error *error)
{
    fflush(stdout);
    script->output = memfd_create("output", MFD_CLOEXEC);
    script->former_output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (script->output >= 0 && dup2(script->output, STDOUT_FILENO) >= 0) return true;
    return error_set(error, "standard output cannot be caught: %s", strerror(errno));
}

/* Lua keeps the name in its heap, so that of a shipped script must not depend on where the checkout
 * stands: its calls would. */
static void name_chunk(struct script *script, const struct workload *workload)
{
    bool is_shipped = strchr(workload->name, '/') == NULL && strcmp(workload->name, workload->path);
    snprintf(script->chunk_name, sizeof script->chunk_name, "@%s%s", workload->name,
             is_shipped ? ".lua" : "");
}

static void *prepare(const struct workload *workload, uint64_t seed, struct error *error)
{
    (void)seed; /* a script draws its own numbers */
    struct script *script = pages_map(sizeof *script);
    if (!script) {
        error_set(error, "%s: the system refused memory", workload->path);
        return NULL;
    }
    name_chunk(script, workload);
    if (read_file(workload->path, script, error) && catch_output(script, error)) return script;
    return NULL;
}

/* luaL_loadfile skips a first line that begins with #, so that scripts can be executable. */
static const char *skip_shebang(const char *text)
{
    return *text == '#' ? text + strcspn(text, "\n") : text;
}

static void keep_returned(lua_State *L, struct script *script)
{
    if (lua_isnoneornil(L, -1)) return;
    lua_getglobal(L, "tostring");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    const char *text = lua_tolstring(L, -1, &script->returned_length);
    if (text) script->returned = pages_map(script->returned_length + 1);
    if (!script->returned) luaL_error(L, "what the script returned has no text");
    memcpy(script->returned, text, script->returned_length);
}

static int run_script(lua_State *L)
{
    struct script *script = lua_touserdata(L, 1);
    const char *text = skip_shebang(script->text);
    size_t length = script->text_length - (size_t)(text - script->text);
    lua_host_open_libraries(L);
    if (lua_marks_named_in(text, length)) lua_marks_open(L, script->heap);
    lua_pushcfunction(L, traceback_add);
    if (luaL_loadbuffer(L, text, length, script->chunk_name)) return lua_error(L);
    int status = lua_pcall(L, 0, 1, -2);
    script->is_out_of_memory = status == LUA_ERRMEM;
    if (status) return lua_error(L);
    keep_returned(L, script);
    return 0;
}

static bool totals_agree(lua_State *L, const struct heap *heap, struct error *error)
{
    struct heap_statistics statistics;
    if (heap->allocator != &allocator_count) return true; /* nothing is counted in a timed run */
    size_t counted = (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
    heap_statistics(heap, &statistics);
    if (statistics.live_bytes == UNKNOWN || statistics.live_bytes == counted) return true;
    return error_set(error, "Lua counts %zu live bytes, the heap %zu", counted,
                     statistics.live_bytes);
}

static enum outcome judge(lua_State *L, int status, const struct heap *heap,
                          const struct script *script, struct error *error)
{
    const char *message = status ? lua_tostring(L, -1) : NULL;
    if (!status) return totals_agree(L, heap, error) ? OUTCOME_OK : OUTCOME_WRONG_ANSWER;
    error_set(error, "%s", message ? message : "an error that is no text");
    bool is_out_of_memory = status == LUA_ERRMEM || script->is_out_of_memory;
    return is_out_of_memory ? OUTCOME_OUT_OF_MEMORY : OUTCOME_WRONG_ANSWER;
}

/* Finalizers may need memory, with the limit used up. */
static void close_state(lua_State *L, struct lua_host *host)
{
    if (host->heap) {
        lua_host_detach(host);
        limit_lift(host->heap, true);
    }
    lua_close(L);
}

static enum outcome run(void *job, const struct heap *heap, struct error *error)
{
    struct lua_host host = {0};
    lua_State *L = lua_newstate(heap->resize, heap->state);
    if (!L) {
        error_set(error, "lua_newstate found no memory for a state");
        return OUTCOME_OUT_OF_MEMORY;
    }
    if (heap_is_wrapped(heap)) lua_host_attach(&host, (struct heap *)heap, L);
    else lua_host_watch(&host, (struct heap *)heap, L);
    ((struct script *)job)->heap = heap;
    /* lua_cpcall alone needs no memory to begin with. */
    int status = lua_cpcall(L, run_script, job);
    enum outcome outcome = judge(L, status, heap, job, error);
    heap_mark(heap, HEAP_CLOSING, 0);
    close_state(L, &host);
    return outcome;
}

/* The text as it is when it is short and plain, its digest otherwise. */
static void summarise(const char *text, size_t length, char answer[ANSWER_LENGTH])
{
    char digest[SHA256_DIGEST_STRING_LENGTH];
    bool is_plain = length < ANSWER_LENGTH;
    for (size_t i = 0; is_plain && i < length; i++) {
        is_plain = text[i] >= ' ' ? text[i] <= '~' : text[i] == '\n' || text[i] == '\t';
    }
    if (is_plain) {
        for (size_t i = 0; i < length; i++) answer[i] = text[i] < ' ' ? ' ' : text[i];
        answer[length] = '\0';
        return;
    }
    SHA256Data((const uint8_t *)text, length, digest);
    snprintf(answer, ANSWER_LENGTH, "%zu bytes, SHA-256 %.32s", length, digest);
}

static void verify(void *job, char answer[ANSWER_LENGTH])
{
    struct script *script = job;
    struct stat status;
    fflush(stdout);
    if (fstat(script->output, &status) ||
        pwrite(script->output, script->returned ? script->returned : "", script->returned_length,
               status.st_size) < 0) {
        snprintf(answer, ANSWER_LENGTH, "lost: %s", strerror(errno));
        return;
    }
    size_t length = (size_t)status.st_size + script->returned_length;
    const char *text = mmap(NULL, length + 1, PROT_READ, MAP_PRIVATE, script->output, 0);
    if (length == 0) snprintf(answer, ANSWER_LENGTH, "nothing");
    else if (text != MAP_FAILED) summarise(text, length, answer);
    else snprintf(answer, ANSWER_LENGTH, "lost: %s", strerror(errno));
    if (text != MAP_FAILED) munmap((void *)text, length + 1);
}

static void finish(void *job)
{
    struct script *script = job;
    fflush(stdout);
    dup2(script->former_output, STDOUT_FILENO);
    close(script->former_output);
    close(script->output);
    pages_unmap(script->text, script->text_length + 1);
    if (script->returned) pages_unmap(script->returned, script->returned_length + 1);
    pages_unmap(script, sizeof *script);
}

const struct workload_kind workload_kind_lua = {
    .name = "lua",
    .is_program = true,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .finish = finish,
};
