-- expect: error
local x = = 1
