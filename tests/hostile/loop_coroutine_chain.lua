-- expect: out of instructions
local function chain() return coroutine.resume(coroutine.create(chain)) end
while true do chain() end
