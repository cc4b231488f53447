-- expect: out of memory
-- Many fixed parameters, few arguments given: the stack must be checked.
local names = {}
for i = 1, 199 do names[i] = "a" .. i end
local f = loadstring("local f f = function(" .. table.concat(names, ",") ..
                 ", ...) return 1 + f(...) end return f")()
f()
