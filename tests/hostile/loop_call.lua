-- expect: out of instructions
local t = setmetatable({}, {__call = function(self, ...) return self(...) end})
while true do pcall(t) end
