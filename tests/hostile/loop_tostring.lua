-- expect: out of instructions
local t = setmetatable({}, {__tostring = function() while true do end end})
pcall(tostring, t)
print(t)
