-- Splits, substitutes and joins the words of a made text: short strings of many sizes, some long.

local PARAGRAPHS, ROUNDS = 150, 5

local seed = 7
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local SYLLABLES = { "ba", "ren", "to", "li", "shu", "mak", "e", "onda", "vir", "plo" }

local function make_word()
    local word = ""
    for _ = 1, random(4) do
        word = word .. SYLLABLES[random(#SYLLABLES)]
    end
    return word
end

local function make_paragraph()
    local words = {}
    for i = 1, 40 + random(60) do
        words[i] = make_word()
    end
    return table.concat(words, " ") .. "."
end

local function make_text()
    local paragraphs = {}
    for i = 1, PARAGRAPHS do
        paragraphs[i] = make_paragraph()
    end
    return table.concat(paragraphs, "\n")
end

local function split(text, separator)
    local pieces, start = {}, 1
    while true do
        local first, last = text:find(separator, start, true)
        if not first then break end
        pieces[#pieces + 1] = text:sub(start, first - 1)
        start = last + 1
    end
    pieces[#pieces + 1] = text:sub(start)
    return pieces
end

local function capitalise(text)
    return (text:gsub("(%l)(%l*)", function(first, rest) return first:upper() .. rest end))
end

-- Breaks a paragraph into lines, as an editor does: strings grow by one word at a time.
local function wrap(paragraph, width)
    local lines, line = {}, ""
    for _, word in ipairs(split(paragraph, " ")) do
        if #line + #word >= width then
            lines[#lines + 1] = line
            line = word
        else
            line = line .. " " .. word
        end
    end
    lines[#lines + 1] = line
    return lines
end

local function number_lines(lines)
    for i, line in ipairs(lines) do
        lines[i] = string.format("%4d: %s", i, line)
    end
    return table.concat(lines, "\n")
end

local function longest_word(text)
    local longest = ""
    for word in text:gmatch("%a+") do
        if #word > #longest then longest = word end
    end
    return longest
end

local text = make_text()
local checksum = 0
for round = 1, ROUNDS do
    for _, paragraph in ipairs(split(text, "\n")) do
        local page = number_lines(wrap(capitalise(paragraph), 40 + round * 8))
        checksum = (checksum * 33 + #page + #longest_word(page)) % 1000003
    end
    -- The text drifts, so that every round makes strings that are not there yet.
    text = text:gsub(SYLLABLES[round], make_word())
end

print("strings", checksum)
return checksum
