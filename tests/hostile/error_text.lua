-- expect: error
error("no")
