-- expect: out of instructions
("x"):gsub(".", function() while true do end end)
