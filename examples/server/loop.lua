-- Hostile: never ends, and catches what would stop it.
local function spin()
    while true do pcall(spin) end
end
spin()
