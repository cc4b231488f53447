-- Ships, shots and sparks: what makes garbage in each frame of a game.
score = 0

local ships, shots = {}, {}
local seed = 12345

local function random(limit)
    seed = (seed * 16807) % 2147483647
    return seed % limit
end

local function vector(x, y)
    return {x = x, y = y}
end

local function add(a, b)
    return vector(a.x + b.x, a.y + b.y)
end

-- What lives as long as the game, and has to be marked in each collection. In rows: a step of the
-- collector goes through one table whole, so one table of all cells would be one long pause.
local ROWS, COLUMNS = 200, 100
local terrain = {}
for y = 1, ROWS do
    terrain[y] = {}
    for x = 1, COLUMNS do terrain[y][x] = {height = random(50), kind = "kind " .. x % 9} end
end

local function spawn(frame)
    ships[#ships + 1] = {
        name = "ship " .. frame,
        place = vector(random(800), 0),
        speed = vector(random(5) - 2, 1 + random(3)),
    }
end

local function shoot(frame)
    shots[#shots + 1] = {place = vector(random(800), 600), speed = vector(0, -8), born = frame}
end

local function move(things)
    local kept = {}
    for _, thing in ipairs(things) do
        thing.place = add(thing.place, thing.speed)
        if thing.place.y >= 0 and thing.place.y <= 600 then kept[#kept + 1] = thing end
    end
    return kept
end

local function is_hit(ship)
    for index, shot in ipairs(shots) do
        local dx, dy = ship.place.x - shot.place.x, ship.place.y - shot.place.y
        if dx * dx + dy * dy < 400 then
            table.remove(shots, index)
            return true
        end
    end
    return false
end

local function collide()
    local kept = {}
    for _, ship in ipairs(ships) do
        if is_hit(ship) then score = score + #ship.name else kept[#kept + 1] = ship end
    end
    ships = kept
end

function update(frame, steps)
    spawn(frame)
    for _ = 1, 1 + steps % 3 do shoot(frame) end
    ships, shots = move(ships), move(shots)
    local cell = terrain[1 + random(ROWS)][1 + random(COLUMNS)]
    cell.height = cell.height + 1
    collide()
end
