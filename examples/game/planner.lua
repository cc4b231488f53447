-- How many steps from one corner of a small map to the other: everything it makes is scrap after.
local WIDTH, HEIGHT = 24, 16

local function is_wall(x, y, frame)
    return (x * 7 + y * 13 + frame) % 5 == 0 and x + y > 2 and x + y < WIDTH + HEIGHT - 2
end

local function is_inside(place)
    return place.x >= 1 and place.x <= WIDTH and place.y >= 1 and place.y <= HEIGHT
end

local function neighbours(cell)
    local x, y = cell.x, cell.y
    return {{x = x + 1, y = y}, {x = x - 1, y = y}, {x = x, y = y + 1}, {x = x, y = y - 1}}
end

function plan(frame)
    local queue, head, seen = {{x = 1, y = 1, steps = 0}}, 1, {}
    while queue[head] do
        local cell = queue[head]
        head = head + 1
        if cell.x == WIDTH and cell.y == HEIGHT then return cell.steps end
        local next_cells = neighbours(cell)
        for i = 1, #next_cells do
            local place = next_cells[i]
            local key = place.y * 100 + place.x
            if is_inside(place) and not seen[key] and not is_wall(place.x, place.y, frame) then
                seen[key] = true
                place.steps = cell.steps + 1
                queue[#queue + 1] = place
            end
        end
    end
    return 0
end
