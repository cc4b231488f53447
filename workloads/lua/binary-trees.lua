-- Builds deep binary trees beside a long-lived one: 80 MB at the peak, where placement decides.

local LONG_LIVED_DEPTH = 18
local SHORT_LIVED_DEPTHS = { 6, 10, 13 }
local NODES_PER_DEPTH = 130000

local function grow(depth)
    if depth == 0 then return { false, false } end
    return { grow(depth - 1), grow(depth - 1) }
end

local function count(tree)
    if not tree[1] then return 1 end
    return 1 + count(tree[1]) + count(tree[2])
end

-- The same number of nodes at every depth, so that each depth weighs the same.
local function grow_and_drop(depth)
    local trees = math.ceil(NODES_PER_DEPTH / 2 ^ (depth + 1))
    local nodes = 0
    for _ = 1, trees do
        nodes = nodes + count(grow(depth))
    end
    return nodes
end

local long_lived = grow(LONG_LIVED_DEPTH)
local checksum = 0
for _, depth in ipairs(SHORT_LIVED_DEPTHS) do
    checksum = checksum + grow_and_drop(depth)
end
checksum = checksum + count(long_lived)

print("binary-trees", checksum)
return checksum
