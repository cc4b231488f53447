-- Encodes and decodes documents with the dkjson library: a codec on string patterns and closures.
-- needs: dkjson

local json = require("dkjson")

local DOCUMENTS, READINGS = 28, 60

local seed = 17
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local UNITS = { "°C", "hPa", "m/s", "%" }
local ORDER = { keyorder = { "station", "position", "readings", "at", "unit", "value", "flags" } }

local function make_reading(hour)
    return {
        at = string.format("2024-05-%02dT%02d:00:00Z", random(31), hour % 24),
        unit = UNITS[random(#UNITS)], value = random(4000) / 8 - 40,
        flags = { checked = random(2) == 1, note = random(4) == 1 and 'by "hand"\n' or nil },
    }
end

local function make_document(number)
    local readings = {}
    for hour = 1, READINGS do readings[hour] = make_reading(hour) end
    return {
        station = "station-" .. number, readings = readings,
        position = { random(180) - 90, random(360) - 180 },
    }
end

-- Keeps one unit's readings, as a service does between reading a request and answering it.
local function select_unit(document, unit)
    local kept = {}
    for _, reading in ipairs(document.readings) do
        if reading.unit == unit then kept[#kept + 1] = reading end
    end
    return { station = document.station, readings = kept, count = #kept }
end

local checksum = 0
for number = 1, DOCUMENTS do
    local text = json.encode(make_document(number), ORDER)
    local document = assert(json.decode(text, 1, nil))
    for _, unit in ipairs(UNITS) do
        local answer = json.encode(select_unit(document, unit), ORDER)
        checksum = (checksum * 31 + #answer + answer:byte(#answer - 2)) % 1000003
    end
end

print("dkjson-documents", checksum)
return checksum
