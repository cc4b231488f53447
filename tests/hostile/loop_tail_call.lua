-- expect: out of instructions
local function f() return f() end
f()
