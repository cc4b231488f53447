-- expect: out of memory
local t = {}
for i = 1, 1e9 do t["key" .. i] = true end
