-- a hundred rounds of 2,000 points, each point a table of its own
local sum = 0
for round = 1, 100 do
    local points = {}
    for i = 1, 2000 do
        points[i] = { i, i + round, round }
    end
    for i = 1, #points do sum = sum + points[i][1] + points[i][2] + points[i][3] end
end
print(sum)
