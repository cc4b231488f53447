-- expect: out of memory
local s = "x"
while true do s = s:rep(1024) end
