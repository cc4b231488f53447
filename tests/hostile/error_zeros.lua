-- expect: error
error("\27[31m\0\1\n\127 \255")
