-- expect: out of instructions
string.gsub(("a"):rep(1e5), "a*a*a*b", "")
