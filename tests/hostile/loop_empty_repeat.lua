-- expect: out of instructions
repeat until false
