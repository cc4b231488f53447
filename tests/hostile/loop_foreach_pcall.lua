-- expect: out of instructions
local t = {}
for i = 1, 1000 do t[function() while true do end end] = i end
table.foreach(t, pcall)
while true do end
