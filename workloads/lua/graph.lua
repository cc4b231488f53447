-- Keeps a road network of 15,000 junctions (a 25 MB heap to mark), rebuilds roads, finds routes.

local WIDTH, HEIGHT = 150, 100
local CLOSURES, ROUTES, REACH = 6000, 10, 700

local seed = 77
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local function new_junction(x, y)
    return { x = x, y = y, name = "junction " .. x .. "/" .. y, roads = {} }
end

local function connect(from, to)
    from.roads[#from.roads + 1] = { from = from, to = to, length = random(20) }
end

local function build_network()
    local network = {}
    for y = 1, HEIGHT do
        for x = 1, WIDTH do
            network[#network + 1] = new_junction(x, y)
        end
    end
    return network
end

local function lay_roads(network)
    for i, junction in ipairs(network) do
        local east = junction.x < WIDTH and network[i + 1]
        local south = network[i + WIDTH]
        for _, neighbour in ipairs({ east or south or network[1], south or network[1] }) do
            connect(junction, neighbour)
            connect(neighbour, junction)
        end
    end
end

-- Every closure ends the life of one old road and begins that of a new one, anywhere in the heap.
local function rebuild_roads(network, count)
    for _ = 1, count do
        local junction = network[random(#network)]
        local roads = junction.roads
        local slot = random(#roads)
        roads[slot] = { from = junction, to = roads[slot].to, length = random(20) }
    end
end

-- The queue is a binary heap of { distance, junction } with the nearest first.
local function push(queue, visit)
    local slot = #queue + 1
    while slot > 1 do
        local parent = math.floor(slot / 2)
        if queue[parent].distance <= visit.distance then break end
        queue[slot] = queue[parent]
        slot = parent
    end
    queue[slot] = visit
end

local function sink(queue, visit)
    local slot, count = 1, #queue
    while slot * 2 <= count do
        local child = slot * 2
        if child < count and queue[child + 1].distance < queue[child].distance then
            child = child + 1
        end
        if visit.distance <= queue[child].distance then break end
        queue[slot] = queue[child]
        slot = child
    end
    queue[slot] = visit
end

local function pop(queue)
    local nearest, last = queue[1], table.remove(queue)
    if #queue > 0 then sink(queue, last) end
    return nearest
end

-- The sum of distances to the nearest junctions, as many as reach says.
local function explore(start, reach)
    local queue, settled, sum = {}, {}, 0
    push(queue, { distance = 0, junction = start })
    while reach > 0 and #queue > 0 do
        local visit = pop(queue)
        -- By name: a table as a key would hash by its address, which differs between allocators.
        if not settled[visit.junction.name] then
            settled[visit.junction.name] = visit
            sum, reach = sum + visit.distance, reach - 1
            for _, road in ipairs(visit.junction.roads) do
                local distance = visit.distance + road.length
                push(queue, { distance = distance, junction = road.to, previous = visit })
            end
        end
    end
    return sum
end

local network = build_network()
lay_roads(network)
local checksum = 0
for _ = 1, ROUTES do
    rebuild_roads(network, CLOSURES / ROUTES)
    checksum = (checksum * 31 + explore(network[random(#network)], REACH)) % 1000003
end

print("graph", checksum)
return checksum
