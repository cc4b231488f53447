-- expect: out of instructions
-- Refused again and again, it goes on until its instructions are used up.
local function fill() local t = {} while true do t[#t + 1] = {} end end
while true do pcall(fill) end
