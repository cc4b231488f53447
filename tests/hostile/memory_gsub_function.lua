-- expect: out of memory
local long = ("x"):rep(1e5)
string.gsub(("y"):rep(1e5), ".", function() return long end)
