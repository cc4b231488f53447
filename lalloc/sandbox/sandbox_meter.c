/* The count hook and all that is paid: see sandbox_inner.h.
 *
 * With a deadline, what a thread pays for at once also depends on how long its last share took, so
 * that a program whose instructions are slow ones is looked at every millisecond or so. Without
 * one the clock is never read and a program ends at the same instruction each time. */
#include "sandbox_inner.h"

enum {
    SHARE_FIRST = 64,
    SHARE_MAXIMUM = 256,       /* instructions, slow ones perhaps: a hook costs about 20 */
    CLOCK_INSTRUCTIONS = 1024, /* of work in C between two looks at the clock */
    SLOW_NS = 1000000,
};

struct sandbox *sandbox_of(lua_State *L)
{
    void *sandbox;
    lua_getallocf(L, &sandbox);
    return sandbox;
}

/* No text, since making one can fail. */
static void raise_end(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
    lua_error(L);
}

static void count_share(lua_State *L, lua_Debug *where);

static void end(lua_State *L, struct sandbox *sandbox, enum sandbox_outcome outcome)
{
    sandbox->ended = outcome;
    lua_sethook(L, count_share, LUA_MASKCOUNT, 1);
    raise_end(L);
}

void sandbox_pass_end(lua_State *L)
{
    if (sandbox_of(L)->ended != SANDBOX_FINISHED) raise_end(L);
}

/* Nanoseconds since the last look. */
static uint64_t look_at_clock(lua_State *L, struct sandbox *sandbox)
{
    uint64_t now = host_now_ns(sandbox->heap->host), passed = now - sandbox->looked_ns;
    sandbox->looked_ns = now;
    sandbox->unseen = 0;
    if (now > sandbox->deadline_ns) end(L, sandbox, SANDBOX_OUT_OF_TIME);
    return passed;
}

static void pay_share(lua_State *L, lua_State *thread, struct sandbox *sandbox, uint64_t share)
{
    uint64_t left = sandbox->granted - sandbox->paid;
    if (left == 0) end(L, sandbox, SANDBOX_OUT_OF_INSTRUCTIONS);
    if (share > SHARE_MAXIMUM) share = SHARE_MAXIMUM;
    if (share > left) share = left;
    sandbox->paid += share;
    lua_sethook(thread, count_share, LUA_MASKCOUNT, (int)share);
}

static void count_share(lua_State *L, lua_Debug *where)
{
    struct sandbox *sandbox = sandbox_of(L);
    uint64_t share = (uint64_t)lua_gethookcount(L);
    (void)where;
    if (sandbox->ended != SANDBOX_FINISHED) end(L, sandbox, sandbox->ended);
    if (sandbox->deadline_ns == 0 || look_at_clock(L, sandbox) < SLOW_NS) share *= 2;
    else share = share / 4 + 1;
    pay_share(L, L, sandbox, share);
}

void sandbox_begin_thread(lua_State *L, lua_State *thread)
{
    pay_share(L, thread, sandbox_of(L), SHARE_FIRST);
}

void sandbox_charge(lua_State *L, uint64_t instructions)
{
    struct sandbox *sandbox = sandbox_of(L);
    uint64_t left = sandbox->granted - sandbox->paid;
    if (sandbox->ended != SANDBOX_FINISHED) raise_end(L);
    sandbox->paid += instructions < left ? instructions : left;
    if (instructions > left) end(L, sandbox, SANDBOX_OUT_OF_INSTRUCTIONS);
    sandbox->unseen += instructions;
    if (sandbox->deadline_ns && sandbox->unseen > CLOCK_INSTRUCTIONS) look_at_clock(L, sandbox);
}
