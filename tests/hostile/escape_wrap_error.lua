-- expect: finished
local function try(value)
    local co = coroutine.wrap(function() error(value) end)
    local _, caught = pcall(co)
    if type(caught) == "userdata" or type(caught) == "thread" then print("ESCAPED") end
    pcall(co)
end
try(nil) try(1) try({}) try(print) try(setmetatable({}, {__tostring = error}))
try(coroutine.running)
pcall(coroutine.resume, coroutine.create(function() return coroutine.yield(error) end), nil)
pcall(coroutine.resume, nil)
pcall(coroutine.wrap, print)
local co co = coroutine.create(function() return coroutine.resume(co) end)
print(coroutine.resume(co))
print(coroutine.resume(co))
pcall(table.sort, {3, 2, 1}, function() coroutine.yield() end)
print("caught")
