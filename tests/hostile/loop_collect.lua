-- expect: out of instructions
local kept = {}
for i = 1, 1e4 do kept[i] = {} end
while true do collectgarbage() end
