-- expect: out of instructions
-- Those that were made before the end are not a way to go on after it.
local kept = {}
for i = 1, 500 do
    kept[i] = coroutine.create(function() while true do coroutine.yield() end end)
end
local function loop() while true do end end
while true do
    pcall(loop)
    for i = 1, #kept do coroutine.resume(kept[i]) end
end
