-- expect: error
local function f() return assert(load(function() f() end)) end
f()
