-- Encodes and decodes nested JSON documents with a codec of its own: small strings, small tables.

local DOCUMENTS, ORDERS_PER_DOCUMENT = 14, 40

local concat, format = table.concat, string.format

local seed = 42
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }
local UNESCAPES = { n = "\n", t = "\t" }

local encode

local function quote(text)
    return '"' .. text:gsub('[%c"\\]', ESCAPES) .. '"'
end

local function encode_array(array)
    local parts = {}
    for i, value in ipairs(array) do
        parts[i] = encode(value)
    end
    return "[" .. concat(parts, ",") .. "]"
end

local function encode_object(object)
    local keys, parts = {}, {}
    for key in pairs(object) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    for i, key in ipairs(keys) do
        parts[i] = quote(key) .. ":" .. encode(object[key])
    end
    return "{" .. concat(parts, ",") .. "}"
end

function encode(value)
    if type(value) == "string" then return quote(value) end
    if type(value) ~= "table" then return tostring(value) end
    if #value > 0 then return encode_array(value) end
    return encode_object(value)
end

local LITERALS = { ["true"] = true, ["false"] = false }

local decode

local function skip_space(text, position)
    return text:find("%S", position)
end

local function decode_string(text, position)
    local stop = position + 1
    while true do
        stop = text:find('["\\]', stop)
        if text:sub(stop, stop) == '"' then break end
        stop = stop + 2
    end
    local raw = text:sub(position + 1, stop - 1)
    local value = raw:gsub("\\(.)", function(escaped) return UNESCAPES[escaped] or escaped end)
    return value, stop + 1
end

-- Calls item for each position where an element starts; returns the position after the end.
local function decode_list(text, position, closing, item)
    position = skip_space(text, position + 1)
    if text:sub(position, position) == closing then return position + 1 end
    while true do
        position = skip_space(text, item(position))
        local separator = text:sub(position, position)
        position = skip_space(text, position + 1) or position + 1
        if separator == closing then return position end
        assert(separator == ",", "comma expected")
    end
end

local function decode_array(text, position)
    local array = {}
    return array, decode_list(text, position, "]", function(start)
        local value, after = decode(text, start)
        array[#array + 1] = value
        return after
    end)
end

local function decode_object(text, position)
    local object = {}
    return object, decode_list(text, position, "}", function(start)
        local key, colon = decode_string(text, start)
        local value, after = decode(text, skip_space(text, colon + 1))
        object[key] = value
        return after
    end)
end

function decode(text, position)
    local first = text:sub(position, position)
    if first == "{" then return decode_object(text, position) end
    if first == "[" then return decode_array(text, position) end
    if first == '"' then return decode_string(text, position) end
    local word = text:match("^[%w.+-]+", position)
    local value = LITERALS[word]
    if value == nil then value = tonumber(word) end
    return value, position + #word
end

local NAMES = { "bolt", 'pipe "1/2 in"', "wire\tblue", "nut", "back\\slash", "two\nlines" }

local function make_order(number)
    local lines = {}
    for i = 1, random(6) do
        lines[i] = {
            article = NAMES[random(#NAMES)], count = random(90), price = random(9999) / 4,
            tags = { "t" .. random(50), "t" .. random(50) },
        }
    end
    return {
        id = number, customer = format("customer-%05d", random(90000)), lines = lines,
        paid = random(2) == 1, address = { street = "Road " .. random(300), zip = random(99999) },
    }
end

local checksum = 0
for document = 1, DOCUMENTS do
    local orders = {}
    for i = 1, ORDERS_PER_DOCUMENT do
        orders[i] = make_order(document * 1000 + i)
    end
    local text = encode({ version = document, orders = orders })
    local again = encode((decode(text, 1)))
    assert(again == text, "a document changed on its way")
    checksum = (checksum * 31 + #text) % 1000003
end

print("json", checksum)
return checksum
