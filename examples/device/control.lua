-- Keeps a room at 20 degrees, and a log of the last 64 minutes.
local WANTED, LOG_ENTRIES = 20, 64

local log, position, sum = {}, 0, 0

local function note(tick, temperature, power)
    position = position % LOG_ENTRIES + 1
    log[position] = string.format("tick %d: %.1f degrees, power %.2f", tick, temperature, power)
end

function tick(number, temperature)
    local difference = WANTED - temperature
    sum = math.max(-50, math.min(50, sum + difference * 0.01))
    local power = math.max(0, math.min(1, difference * 0.5 + sum * 0.05))
    if number % 60 == 0 then note(number, temperature, power) end
    return power
end

function last_entry()
    return log[position]
end

-- More than the device has.
function record_everything()
    local everything = {}
    for i = 1, 1000000 do everything[i] = {i} end
    return #everything
end
