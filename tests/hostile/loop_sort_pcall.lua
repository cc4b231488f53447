-- expect: out of instructions
local t = {}
for i = 1, 1000 do t[i] = function() while true do end end end
while true do pcall(table.sort, t, pcall) end
