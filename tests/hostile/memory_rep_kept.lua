-- expect: out of memory
local kept = {}
for i = 1, 1e9 do kept[i] = ("x"):rep(1000) .. i end
