-- expect: out of instructions
local source = "return " .. ("1 or "):rep(1e4) .. "1"
while true do loadstring(source) end
