-- expect: out of instructions
for _ in string.gmatch(("a"):rep(1e5), ".-.-.-b") do end
