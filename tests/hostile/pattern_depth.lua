-- expect: finished
-- Lua's own matcher calls itself for each of these until the C stack is used up.
local function refused(pattern)
    local is_well, message = pcall(string.find, ("a"):rep(1e5), pattern)
    assert(not is_well, "matched")
    print(message)
end
refused(("a?"):rep(1e5))
refused(("("):rep(1e5))
refused(("()"):rep(1e5))
refused(("a-"):rep(1e5) .. "b")
refused(("a*"):rep(1e5))
