-- Reports on a made log with the Penlight library: lists, ordered maps, tables printed and read.
-- needs: pl.List pl.OrderedMap pl.class pl.pretty pl.stringx pl.tablex

local List = require("pl.List")
local OrderedMap = require("pl.OrderedMap")
local class = require("pl.class")
local pretty = require("pl.pretty")
local stringx = require("pl.stringx")
local tablex = require("pl.tablex")

local DAYS, LINES = 6, 400

local seed = 8
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local LEVELS = List({ "info", "warning", "error" })
local PARTS = List({ "disk", "network", "login", "mail", "backup" })

local function make_line(number)
    return stringx.join(" ", {
        string.format("%02d:%02d", number % 24, random(60) - 1), LEVELS[random(#LEVELS)],
        PARTS[random(#PARTS)], "took=" .. random(900),
        "user=" .. stringx.center("u" .. random(40), 6, "_"),
    })
end

local Event = class()

function Event:_init(line)
    local words = List(stringx.split(line))
    self.time, self.level, self.part = words[1], words[2], words[3]
    self.took = tonumber((stringx.replace(words[4], "took=", "")))
    self.user = stringx.strip(stringx.replace(words[5], "user=", ""), "_")
end

local SlowEvent = class(Event)

function SlowEvent:_init(line)
    self:super(line)
    self.comment = stringx.replace(line, "took", "SLOW")
end

local function read_event(line)
    local event = Event(line)
    return event.took > 700 and SlowEvent(line) or event
end

local function group(events, field)
    local groups = OrderedMap()
    for event in events:iter() do
        local members = groups:get(event[field])
        if not members then
            members = List()
            groups:set(event[field], members)
        end
        members:append(event)
    end
    return groups
end

local function summarise(members)
    local took = members:map(function(event) return event.took end):sort()
    return {
        count = #took, longest = took[-1], median = took[math.ceil(#took / 2)],
        slow = #members:filter(function(event) return SlowEvent:class_of(event) end),
        users = tablex.keys(tablex.makeset(members:map(function(event) return event.user end))),
    }
end

local checksum = 0
for _ = 1, DAYS do
    local lines = List.range(1, LINES):map(make_line)
    local events = List(stringx.splitlines(lines:join("\n"))):map(read_event)
    for _, field in ipairs({ "level", "part" }) do
        for name, members in group(events, field):iter() do
            local report = summarise(members)
            table.sort(report.users)
            local text = pretty.write(report)
            assert(tablex.deepcompare(pretty.read(text), report), "a report changed on its way")
            checksum = (checksum * 31 + #text + #name) % 1000003
        end
    end
end

print("penlight-report", checksum)
return checksum
