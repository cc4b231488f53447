-- expect: out of instructions
table.insert({}, -2^31, 1)
