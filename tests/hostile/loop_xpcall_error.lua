-- expect: out of instructions
xpcall(error, function() while true do end end)
