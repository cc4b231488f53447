-- expect: out of instructions
load(function() return " " end)
