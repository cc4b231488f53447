-- A full cache with random eviction: a steady 1 MB of values of 20 to 800 bytes, replaced for ever.

local CAPACITY, REQUESTS, KEYS = 1000, 24000, 5000

local seed = 99
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local Cache = {}
Cache.__index = Cache

local function new_cache(capacity)
    return setmetatable({ capacity = capacity, slots = {}, entries = {}, evictions = 0 }, Cache)
end

function Cache:get(key)
    local entry = self.entries[key]
    if not entry then return nil end
    entry.hits = entry.hits + 1
    return entry.value
end

-- A full cache gives the newcomer the slot of an entry drawn by lot.
function Cache:choose_slot()
    if #self.slots < self.capacity then return #self.slots + 1 end
    local slot = random(self.capacity)
    self.entries[self.slots[slot]] = nil
    self.evictions = self.evictions + 1
    return slot
end

function Cache:put(key, value)
    local slot = self:choose_slot()
    self.slots[slot] = key
    self.entries[key] = { value = value, hits = 0, stamp = self.evictions }
end

-- Most values are small, one in eight is long, one in five has parts.
local function compute(key)
    local unit = key .. ":" .. random(100000) .. ";"
    if random(8) == 1 then return unit:rep(10 + random(40)) end
    if random(5) > 1 then return unit end
    local parts = {}
    for i = 1, random(10) do parts[i] = unit .. i end
    return parts
end

local function request(cache, key)
    local value = cache:get(key)
    if value then return #value, 1 end
    value = compute(key)
    cache:put(key, value)
    return #value, 0
end

local cache = new_cache(CAPACITY)
local checksum, hits = 0, 0
for _ = 1, REQUESTS do
    -- The smaller of two draws: some keys are asked for more often than others.
    local key = "user/" .. math.min(random(KEYS), random(KEYS))
    local length, hit = request(cache, key)
    hits = hits + hit
    checksum = (checksum * 31 + length) % 1000003
end

checksum = string.format("%d-%d-%d", checksum, hits, cache.evictions)
print("cache", checksum)
return checksum
