-- expect: out of instructions
load(function() while true do end end)
