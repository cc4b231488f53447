-- expect: out of instructions
string.find(("b"):rep(1e5), "[" .. ("a"):rep(1e5) .. "]")
