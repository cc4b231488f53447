-- expect: out of memory
local t = {}
for i = 1, 1e4 do t[i] = ("x"):rep(1e3) end
table.concat(t)
