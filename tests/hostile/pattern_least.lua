-- expect: out of instructions
string.find(("a"):rep(1e5), ".-.-.-.-b")
