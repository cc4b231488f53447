-- expect: finished
setmetatable(_G, {__index = function(_, name) return name == "debug" and nil or 1 end,
                  __metatable = "hidden"})
getmetatable("").__metatable = "hidden"
print(getmetatable(_G), getmetatable(""), debug)
_G.print, _G._G = nil, nil
local all = getfenv(0)
for name in pairs(all) do all[name] = nil end
