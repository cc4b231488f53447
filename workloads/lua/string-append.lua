-- Grows a string by one character 10,000 times: every step is a new, slightly larger block.

local APPENDS = 10000

local function append(letter)
    local s = ""
    for _ = 1, APPENDS do
        s = s .. letter
    end
    return s
end

-- Another letter each round: Lua interns strings, so the same ones would be found, not made.
local length, last = 0, ""
for letter in ("xyzuvw"):gmatch(".") do
    local s = append(letter)
    length, last = length + #s, last .. s:sub(-1)
end

local checksum = length .. "-" .. last
print("string-append", checksum)
return checksum
