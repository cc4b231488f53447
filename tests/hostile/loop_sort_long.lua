-- expect: out of instructions
-- Strings that differ in their last byte, compared in C again and again.
local a, b, t = ("x"):rep(5e5) .. "a", ("x"):rep(5e5) .. "b", {}
for i = 1, 2e4 do t[i] = i % 2 == 0 and a or b end
table.sort(t)
