-- expect: error
assert(loadstring("return " .. ("{"):rep(1e5)))
