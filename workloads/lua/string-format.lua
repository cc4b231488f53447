-- Fills 10,000 tables with 100 formatted strings each: a million short strings, arrays that double.

local TABLES, STRINGS = 10000, 100

local format = string.format

local function fill(i)
    local items = {}
    for j = 1, STRINGS do
        items[j] = format("item_%d_%d", i, j)
    end
    return items
end

-- The first and the last string stand for a table: adding up all would be computation.
local length = 0
for i = 1, TABLES do
    local items = fill(i)
    length = length + #items[1] + #items[STRINGS]
end

print("string-format", length)
return length
