-- the same records by a constructor, which makes room for all fields at once
local kept = {}
local sum = 0
for i = 1, 200000 do
    local record = { x = i, y = i + 1, z = i + 2 }
    kept[i % 1000] = record
    sum = sum + record.z
end
print(sum, #kept)
