-- expect: error
error(42)
