-- expect: out of instructions
-- Lua 5.1 finalizes userdata alone, and there are none: this runs nothing.
for i = 1, 100 do setmetatable({}, {__gc = function() while true do end end}) end
collectgarbage()
print("collected")
while true do end
