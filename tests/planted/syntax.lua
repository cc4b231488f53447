-- Not Lua.
local function broken(
return 1
