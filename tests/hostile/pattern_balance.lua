-- expect: out of instructions
string.find(("("):rep(1e6), "%b()")
