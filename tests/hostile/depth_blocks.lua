-- expect: error
assert(loadstring(("do "):rep(1e5)))
