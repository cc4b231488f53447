-- Compiles text templates with loadstring and renders pages: code, joined pieces, 8 KB buffers.

local VARIANTS, PAGES_PER_VARIANT = 40, 5

local seed = 5
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(value)
    return (tostring(value):gsub('[&<>"]', ENTITIES))
end

local HEADER = "local page, escape = ...\nlocal out = {}\n"
local FOOTER = "return table.concat(out)\n"

local function emit_text(code, text)
    if text ~= "" then code[#code + 1] = string.format("out[#out + 1] = %q\n", text) end
end

-- {{ expression }} is printed escaped, {% statement %} runs; all else is text.
local function compile(template)
    local code, start = { HEADER }, 1
    for before, kind, inside, after in template:gmatch("()%{([{%%])(.-)[%%}]%}()") do
        emit_text(code, template:sub(start, before - 1))
        if kind == "{" then
            code[#code + 1] = "out[#out + 1] = escape(" .. inside .. ")\n"
        else
            code[#code + 1] = inside .. "\n"
        end
        start = after
    end
    emit_text(code, template:sub(start))
    code[#code + 1] = FOOTER
    return assert(loadstring(table.concat(code)))
end

local LAYOUT = [[
<html><head><title>{{ page.title }}</title></head>
<body class="{{ page.theme }}">
{% for i, section in ipairs(page.sections) do %}
  <h2>{{ i }}. {{ section.heading }}</h2>
  {% if section.note then %}<p class="note">{{ section.note }}</p>{% end %}
  <table>
  {% for _, row in ipairs(section.rows) do %}
    <tr><td>{{ row.name }}</td><td>{{ row.count }}</td><td>{{ row.count * row.price }}</td></tr>
  {% end %}
  </table>
{% end %}
</body></html>
]]

local NAMES = { "tea & milk", "<coffee>", "plain water", '"fresh" juice', "soup" }

local function make_section(number)
    local rows = {}
    for i = 1, 8 + random(12) do
        rows[i] = { name = NAMES[random(#NAMES)] .. i, count = random(20), price = random(500) }
    end
    return {
        heading = "Section " .. number, rows = rows,
        note = random(3) == 1 and "Seen " .. random(1000) .. " times" or nil,
    }
end

local function make_page(number)
    local sections = {}
    for i = 1, 2 + random(6) do sections[i] = make_section(i) end
    return { title = "Page <" .. number .. ">", theme = "day", sections = sections }
end

local function compile_variant(number)
    return compile((LAYOUT:gsub("class", "data-variant='" .. number .. "' class")))
end

local checksum = 0
for variant = 1, VARIANTS do
    local render = compile_variant(variant)
    for number = 1, PAGES_PER_VARIANT do
        local html = render(make_page(variant * 100 + number), escape)
        checksum = (checksum * 31 + #html + html:byte(#html / 2)) % 1000003
    end
end

print("templates", checksum)
return checksum
