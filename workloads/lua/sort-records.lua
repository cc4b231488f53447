-- Builds records, sorts them by several keys and groups them: tables, key strings, large arrays.

local RECORDS, ROUNDS = 3000, 2

local seed = 2024
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local CITIES = { "Oslo", "Quito", "Pune", "Lagos", "Turin", "Kyoto", "Perth", "Gdansk" }
local FAMILIES = { "Adler", "Brandt", "Castro", "Dietz", "Eriksen", "Fofana", "Grau", "Hansen" }

local function make_record(number)
    return {
        number = number, name = FAMILIES[random(#FAMILIES)] .. " " .. random(500),
        city = CITIES[random(#CITIES)], born = 1930 + random(80),
        balance = random(1000000) / 100,
    }
end

-- by { "city", "-born" } gives a comparator: city rising, then year of birth falling. The number
-- settles what is equal so far.
local function by(keys)
    local fields, descends = {}, {}
    for i, key in ipairs(keys) do
        fields[i], descends[i] = key:gsub("^-", ""), key:sub(1, 1) == "-"
    end
    return function(a, b)
        for i, field in ipairs(fields) do
            local left, right = a[field], b[field]
            if left ~= right then
                if descends[i] then return left > right end
                return left < right
            end
        end
        return a.number < b.number
    end
end

local function copy(list)
    local copied = {}
    for i, value in ipairs(list) do copied[i] = value end
    return copied
end

-- Sorts pairs of a key made once and its record, for keys that are dear to make.
local function sorted_by_key(records, make_key)
    local decorated = {}
    for i, record in ipairs(records) do
        decorated[i] = { key = make_key(record), record = record }
    end
    table.sort(decorated, function(a, b) return a.key < b.key end)
    for i, pair in ipairs(decorated) do decorated[i] = pair.record end
    return decorated
end

local function label(record)
    return string.format("%-8s|%04d|%-12s|%06d", record.city:upper(), record.born, record.name,
        record.number)
end

local function group_sums(records, field)
    local groups, order = {}, {}
    for _, record in ipairs(records) do
        local group = groups[record[field]]
        if not group then
            group = { members = {}, sum = 0 }
            groups[record[field]] = group
            order[#order + 1] = group
        end
        group.members[#group.members + 1] = { record.number, record.balance }
        group.sum = group.sum + record.balance
    end
    table.sort(order, function(a, b) return a.sum > b.sum end)
    return order
end

local ORDERS = { { "city", "-born" }, { "-balance" } }

local checksum = 0
local function add(records)
    for i = 1, #records, 97 do
        checksum = (checksum * 31 + records[i].number) % 1000003
    end
end

for _ = 1, ROUNDS do
    local records = {}
    for i = 1, RECORDS do records[i] = make_record(i) end
    for _, keys in ipairs(ORDERS) do
        local sorted = copy(records)
        table.sort(sorted, by(keys))
        add(sorted)
    end
    add(sorted_by_key(records, label))
    for _, group in ipairs(group_sums(records, "name")) do
        checksum = (checksum * 31 + #group.members) % 1000003
    end
end

print("sort-records", checksum)
return checksum
