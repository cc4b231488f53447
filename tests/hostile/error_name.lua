-- expect: error
loadstring("error('x')", ("n"):rep(1e5))()
