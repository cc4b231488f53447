-- expect: out of instructions
string.match(("a"):rep(1e5), ".*.*.*.*b")
