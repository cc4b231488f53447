-- expect: finished
-- A comparator that contradicts itself is an error or not, but neither a crash nor endless.
local function make(n) local t = {} for i = 1, n do t[i] = i % 7 end return t end
for n = 1, 60 do
    pcall(table.sort, make(n), function() return true end)
    pcall(table.sort, make(n), function(a, b) return a <= b end)
    pcall(table.sort, make(n), function() return math.random() < 0.5 end)
    pcall(table.sort, make(n), rawequal)
    pcall(table.sort, make(n), math.max)
end
print("sorted")
