-- expect: out of instructions
while true do print("more") end
