-- expect: out of instructions
local function loop() while true do end end
local function handler() xpcall(loop, handler) loop() end
xpcall(loop, handler)
