-- expect: out of instructions
-- Lua itself runs no hooks in a handler that was called from one.
local function loop() while true do end end
while true do xpcall(loop, loop) end
