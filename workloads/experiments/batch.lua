-- the same points, all coordinates in three arrays: a block for many points
local sum = 0
for round = 1, 100 do
    local x, y, z = {}, {}, {}
    for i = 1, 2000 do
        x[i], y[i], z[i] = i, i + round, round
    end
    for i = 1, #y do sum = sum + x[i] + y[i] + z[i] end
end
print(sum)
