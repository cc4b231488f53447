/* Loading text. Source is handed to the compiler in pieces of 4 KiB: the first byte of all decides
 * between text and bytecode, and each piece is paid for and lets the clock be looked at.
 *
 * The compiler links the jumps of an expression, of an if and of a loop in lists, and walks a list
 * to its end for each it adds: the square of their number, seconds for 100 KB of `1 or 1 or ...`.
 * So each word that makes such a jump pays for as many as came before it, wherever they stand. */
#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "sandbox_inner.h"

enum { PIECE_BYTES = 4096, PIECE_SLOT = 3, WORD_LENGTH = 7 };

struct source {
    const char *text;
    size_t left;
    bool has_begun, has_ended;
    bool has_reader; /* which is at 1, and the piece it gave last is kept at PIECE_SLOT */
    char word[WORD_LENGTH + 1]; /* the one that is being read, cut off where it is too long */
    size_t word_length, jump_count;
};

/* False at the end: nil, nothing or an empty piece, and the reader is not asked again. */
static bool ask_reader(lua_State *L, struct source *source)
{
    luaL_checkstack(L, 2, "too many nested functions");
    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (!lua_isnil(L, -1) && !lua_isstring(L, -1)) {
        luaL_error(L, "reader function must return a string");
    }
    lua_replace(L, PIECE_SLOT);
    source->text = lua_tolstring(L, PIECE_SLOT, &source->left);
    return source->text && source->left > 0;
}

static bool makes_jump(const char *word)
{
    static const char *const words[] = {"and", "or", "else", "elseif", "break"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strcmp(words[i], word)) return true;
    }
    return false;
}

/* Instructions that compiling the piece may take. Words go on from one piece to the next. */
static uint64_t cost(struct source *source, const char *piece, size_t length)
{
    uint64_t jumps = 0;
    for (size_t i = 0; i < length; i++) {
        if (isalnum((unsigned char)piece[i]) || piece[i] == '_') {
            if (source->word_length < WORD_LENGTH) source->word[source->word_length++] = piece[i];
        } else if (source->word_length > 0) {
            source->word[source->word_length] = '\0';
            source->word_length = 0;
            if (makes_jump(source->word)) jumps += ++source->jump_count;
        }
    }
    return length + jumps;
}

static const char *read_piece(lua_State *L, void *state, size_t *length)
{
    struct source *source = state;
    if (source->left == 0 && !source->has_ended) {
        source->has_ended = !source->has_reader || !ask_reader(L, source);
    }
    if (source->has_ended) return NULL;
    if (!source->has_begun && *source->text == *LUA_SIGNATURE) {
        luaL_error(L, "bytecode is not loaded here: give source text");
    }
    source->has_begun = true;
    const char *piece = source->text;
    *length = source->left < PIECE_BYTES ? source->left : PIECE_BYTES;
    source->text += *length;
    source->left -= *length;
    sandbox_charge(L, cost(source, piece, *length));
    return piece;
}

int safe_load_text(lua_State *L, const char *text, size_t length, const char *name)
{
    struct source source = {.text = text, .left = length};
    return lua_load(L, read_piece, &source, name);
}

static int hand_on(lua_State *L, int status)
{
    if (status == 0) return 1;
    sandbox_pass_end(L);
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

int safe_load_string(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    return hand_on(L, safe_load_text(L, text, length, luaL_optstring(L, 2, text)));
}

int safe_load(lua_State *L)
{
    struct source source = {.has_reader = true};
    const char *name = luaL_optstring(L, 2, "=(load)");
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, PIECE_SLOT);
    return hand_on(L, lua_load(L, read_piece, &source, name));
}
