-- records whose fields are set one by one: each hash part grows 0, 1, 2, 4
local kept = {}
local sum = 0
for i = 1, 200000 do
    local record = {}
    record.x = i
    record.y = i + 1
    record.z = i + 2
    kept[i % 1000] = record
    sum = sum + record.z
end
print(sum, #kept)
