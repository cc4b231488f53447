-- expect: finished
local strings = getmetatable("").__index
if strings.dump then print("ESCAPED", "dump") end
strings.rep, strings.format, strings.find = nil, print, error
getmetatable("").__index = function(_, name) return name end
getmetatable("").__tostring = function() return "another" end
getmetatable("").__concat = function(a) return a end
getmetatable("").__call = function() return "called" end
print(("x").anything, ("x")())
