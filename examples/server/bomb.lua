-- Hostile: all the memory there is.
local hoard = {}
while true do
    hoard[#hoard + 1] = string.rep("bomb", 1000) .. #hoard
end
