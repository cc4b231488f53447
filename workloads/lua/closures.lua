-- Composes closures and chains coroutines: upvalues, and stacks of a kilobyte that come and go.

local PIPELINES, NUMBERS = 3500, 24
local HANDLERS, EVENTS = 40, 1500

local function compose(f, g)
    return function(x) return g(f(x)) end
end

local function adder(n)
    return function(x) return x + n end
end

local function multiplier(n)
    return function(x) return x * n % 10007 end
end

local function counter()
    local count = 0
    return function() count = count + 1; return count end, function() return count end
end

-- A lazy list is a coroutine that yields its elements, then nothing.
local function range(first, last)
    return coroutine.wrap(function()
        for i = first, last do coroutine.yield(i) end
    end)
end

local function map(list, f)
    return coroutine.wrap(function()
        for x in list do coroutine.yield(f(x)) end
    end)
end

local function filter(list, keep)
    return coroutine.wrap(function()
        for x in list do
            if keep(x) then coroutine.yield(x) end
        end
    end)
end

local function run_pipelines()
    local sum = 0
    for i = 1, PIPELINES do
        local change = compose(adder(i), compose(multiplier(i + 3), adder(-i)))
        local is_odd = function(x) return x % 2 == 1 end
        for x in filter(map(range(1, NUMBERS), change), is_odd) do
            sum = sum + x
        end
    end
    return sum
end

-- Listeners replace themselves when called: closures whose upvalues outlive the frame they were in.
local function run_events()
    local listeners, read = {}, {}
    local function subscribe(slot)
        local increase
        increase, read[slot] = counter()
        listeners[slot] = function(event)
            local count = increase()
            if count > event % 7 then subscribe(slot % HANDLERS + 1) end
        end
    end
    for slot = 1, HANDLERS do subscribe(slot) end
    local sum = 0
    for event = 1, EVENTS do
        for slot = 1, HANDLERS do
            listeners[slot](event + slot)
            sum = sum + read[slot]()
        end
    end
    return sum
end

local checksum = run_pipelines() * 1000 + run_events() % 1000
print("closures", checksum)
return checksum
