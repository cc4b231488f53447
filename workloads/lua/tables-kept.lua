-- Keeps 100,000 tables of three fields: a heap that only grows, to 24 MB, then is walked once.

local TABLES = 100000

local function build(count)
    local kept = {}
    for i = 1, count do
        kept[i] = { a = i, b = i + 1, c = i + 2 }
    end
    return kept
end

local function total(kept)
    local sum = 0
    for _, entry in ipairs(kept) do
        sum = sum + entry.a + entry.b + entry.c
    end
    return sum
end

local checksum = total(build(TABLES))
print("tables-kept", checksum)
return checksum
