-- expect: out of instructions
while true do
    local co = coroutine.wrap(function() for i = 1, 50 do end coroutine.yield() end)
    co()
end
