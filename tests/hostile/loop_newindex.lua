-- expect: out of instructions
setmetatable(_G, {__newindex = function() while true do end end})
x = 1
