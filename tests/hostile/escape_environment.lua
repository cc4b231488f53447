-- expect: finished
for _, f in ipairs {print, pcall, string.rep, load, coroutine.wrap, table.sort} do
    if getfenv(f) ~= _G then print("ESCAPED", "an environment that is not the script's") end
    if pcall(setfenv, f, {}) then print("ESCAPED", "setfenv on a function in C") end
end
print(pcall(setfenv, 3, {}))
setfenv(0, {tostring = tostring}) -- which print asks for
local f = loadstring("return io or os or debug or package or require or print")
print(f())
setfenv(0, setmetatable({tostring = tostring}, {__index = function() return nil end}))
setfenv(1, {print = print})
print("changed")
