-- expect: out of instructions
-- None of them lives as long as a hook's interval.
while true do
    local co = coroutine.create(function() for i = 1, 50 do end end)
    coroutine.resume(co)
end
