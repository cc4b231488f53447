-- expect: out of instructions
while true do end
