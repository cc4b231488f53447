-- expect: out of instructions
local t = {}
for i = 1, 100 do t[i] = coroutine.create(function() while true do end end) end
while true do pcall(table.sort, t, coroutine.resume) end
