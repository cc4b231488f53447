-- Renders documents with the markdown library: gsub after gsub over texts of some kilobytes.
-- needs: markdown

local markdown = require("markdown")

local DOCUMENTS, SECTIONS = 4, 5

local seed = 3
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local WORDS = {
    "river", "*slow* boat", "stone", "**old** bridge", "`lamp()`", "harbour", "[map](/map.html)",
    "rope & sail", "tower", "north < south", "a_b_c", "![sign](sign.png)", "lantern", "tide",
}

local function sentence(length)
    local words = {}
    for i = 1, length do words[i] = WORDS[random(#WORDS)] end
    return table.concat(words, " ") .. "."
end

local function paragraph()
    local sentences = {}
    for i = 1, 2 + random(3) do sentences[i] = sentence(4 + random(9)) end
    return table.concat(sentences, "\n")
end

local function list(bullet)
    local items = {}
    for i = 1, 3 + random(4) do items[i] = bullet .. " " .. sentence(random(5)) end
    return table.concat(items, "\n")
end

local function code()
    return "    local tide = " .. random(100) .. "\n    print(tide < 50 and \"*low*\")"
end

local function quotation()
    return "> " .. sentence(8) .. "\n> " .. sentence(6)
end

local function section(number)
    return table.concat({
        "## Section " .. number, paragraph(), list("*"), paragraph(), code(), quotation(),
        list("1."), "See [the chart][chart" .. number .. "].", "* * *",
    }, "\n\n")
end

local function document()
    local parts, links = { "A journey\n=========" }, {}
    for number = 1, SECTIONS do
        parts[#parts + 1] = section(number)
        links[number] = "[chart" .. number .. "]: http://example.org/" .. number .. " \"Chart\""
    end
    return table.concat(parts, "\n\n") .. "\n\n" .. table.concat(links, "\n") .. "\n"
end

local checksum = 0
for _ = 1, DOCUMENTS do
    local html = markdown(document())
    local _, tags = html:gsub("<%a", "")
    checksum = (checksum * 31 + #html + tags) % 1000003
end

print("markdown-render", checksum)
return checksum
