-- expect: out of memory
-- One out of memory in a coroutine is one out of memory.
coroutine.wrap(function() local t = {} while true do t[#t + 1] = {} end end)()
