-- Serves customers in an event-driven queue: a steady 0.2 MB of tables and closures, never growing.

local DESKS, CUSTOMERS, EVENTS = 4, 60, 25000

local seed = 11
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

-- The agenda is a ring of moments; each holds the list of what then happens, newest first.
local MOMENTS = 256
local agenda, now = {}, 0

local function after(delay, action)
    local moment = (now + delay) % MOMENTS
    agenda[moment] = { action = action, next = agenda[moment] }
end

local desks = {}
for number = 1, DESKS do
    desks[number] = { number = number, is_free = true, served = 0 }
end

local waiting = { first = 1, last = 0 }
local served, waited = 0, 0

local arrive

local function serve(desk, customer)
    desk.is_free = false
    waited = waited + (now - customer.arrival)
    after(random(5), function()
        desk.is_free = true
        desk.served = desk.served + 1
        served = served + 1
        customer.visits[#customer.visits + 1] = { desk = desk, at = now }
        after(20 + random(200), function() arrive(customer) end)
    end)
end

-- Who has been here often is replaced by somebody new.
local function next_visit(customer)
    if #customer.visits < random(8) then return customer end
    return { name = "customer " .. served, visits = {} }
end

local function free_desk()
    local start = random(DESKS)
    for offset = 1, DESKS do
        local desk = desks[(start + offset) % DESKS + 1]
        if desk.is_free then return desk end
    end
end

function arrive(old_customer)
    local customer = next_visit(old_customer)
    customer.arrival = now
    waiting.last = waiting.last + 1
    waiting[waiting.last] = customer
end

local function call_waiting()
    while waiting.first <= waiting.last do
        local desk = free_desk()
        if not desk then return end
        local customer = waiting[waiting.first]
        waiting[waiting.first] = nil
        waiting.first = waiting.first + 1
        serve(desk, customer)
    end
end

for number = 1, CUSTOMERS do
    local customer = { name = "first " .. number, visits = {} }
    after(random(200), function() arrive(customer) end)
end

while served < EVENTS do
    now = now + 1
    local event = agenda[now % MOMENTS]
    agenda[now % MOMENTS] = nil
    while event do
        event.action()
        event = event.next
    end
    call_waiting()
end

local checksum = waited * 1000 + desks[1].served % 1000
print("events", checksum)
return checksum
