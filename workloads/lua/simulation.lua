-- Steps a world of foxes and rabbits in frames: objects born and dying, short-lived vectors.

local FRAMES, SIZE = 60, 100
local RABBITS, FOXES, MOST_RABBITS = 300, 30, 700

local seed = 1234
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local function class(parent)
    local new_class = setmetatable({}, { __index = parent })
    new_class.__index = new_class
    return new_class
end

local Vector = class()

local function vector(x, y)
    return setmetatable({ x = x, y = y }, Vector)
end

Vector.__add = function(a, b) return vector(a.x + b.x, a.y + b.y) end
Vector.__mod = function(a, size) return vector(a.x % size, a.y % size) end

local Animal = class()

function Animal.new(kind, position, energy)
    local animal = setmetatable({ position = position, energy = energy, age = 0 }, kind)
    animal.trail = { position }
    return animal
end

function Animal:step(world)
    self.age = self.age + 1
    self.energy = self.energy - self.effort
    self.position = (self.position + vector(random(5) - 3, random(5) - 3)) % SIZE
    self.trail[self.age % 4 + 1] = self.position
    self:eat(world)
    if self.energy > self.birth_energy then self:give_birth(world) end
    return self.energy > 0 and self.age < self.life
end

function Animal:give_birth(world)
    self.energy = math.floor(self.energy / 2)
    world:add(Animal.new(getmetatable(self), self.position, self.energy))
end

local Rabbit = class(Animal)
Rabbit.effort, Rabbit.birth_energy, Rabbit.life = 1, 24, 40

function Rabbit:eat(world)
    if self.eaten then self.energy = 0; return end
    if #world.animals < MOST_RABBITS then self.energy = self.energy + random(3) end
end

local Fox = class(Animal)
Fox.effort, Fox.birth_energy, Fox.life = 2, 60, 80

function Fox:eat(world)
    local prey = world:at(self.position)
    if prey and not prey.eaten then
        prey.eaten = true
        self.energy = self.energy + 12
    end
end

local World = class()

local function cell_name(position)
    return math.floor(position.x / 4) .. ":" .. math.floor(position.y / 4)
end

function World.new()
    local world = setmetatable({ animals = {}, newborn = {}, cells = {} }, World)
    for _ = 1, RABBITS do world:add(Animal.new(Rabbit, vector(random(SIZE), random(SIZE)), 10)) end
    for _ = 1, FOXES do world:add(Animal.new(Fox, vector(random(SIZE), random(SIZE)), 30)) end
    return world
end

function World:add(animal)
    self.newborn[#self.newborn + 1] = animal
end

function World:at(position)
    return self.cells[cell_name(position)]
end

-- The index of cells is made anew each frame, as programs do that must not keep stale entries.
function World:index_rabbits()
    self.cells = {}
    for _, animal in ipairs(self.animals) do
        if getmetatable(animal) == Rabbit then self.cells[cell_name(animal.position)] = animal end
    end
end

function World:step()
    local living = self.newborn
    self.newborn = {}
    self:index_rabbits()
    for _, animal in ipairs(self.animals) do
        if animal:step(self) then living[#living + 1] = animal end
    end
    self.animals = living
end

local world = World.new()
local checksum = 0
for _ = 1, FRAMES do
    world:step()
    checksum = (checksum * 31 + #world.animals) % 1000003
end

print("simulation", checksum)
return checksum
