-- Throws away 100,000 tables of three fields, three times over: two blocks each, dead at once.

local TABLES, ROUNDS = 100000, 3

local function churn(count)
    local sum = 0
    for _ = 1, count do
        local point = { a = 1, b = 2, c = 3 }
        sum = sum + point.a + point.b + point.c
    end
    return sum
end

local checksum = 0
for _ = 1, ROUNDS do
    checksum = checksum + churn(TABLES)
end

print("table-churn", checksum)
return checksum
