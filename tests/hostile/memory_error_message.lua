-- expect: error
error(("m"):rep(1e6))
