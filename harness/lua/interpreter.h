/* What the standalone interpreter of Lua 5.1 does with a script, on a state that is there. */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#include <lua.h>

#include "../../lalloc/lua_host.h"

struct interpreter {
    struct lua_host *host;     /* attached to the state; NULL: none, and no leak_report() either */
    const struct heap *marked; /* what the script's marks go to (lua_marks.h), or NULL */
    bool is_ready;             /* the state and its libraries are there */
    int argument_count;
    char **arguments; /* the script, then what it is given */
    int status;       /* of the script: 0, or what Lua calls an error; said on standard error */
};

/* Opens the libraries, obeys LUA_INIT, runs the script. Returns 0 or Lua's status, LUA_ERRMEM with
 * is_ready unset when there is no memory for the libraries. */
int interpreter_run(struct interpreter *interpreter, lua_State *L);

#endif
