-- expect: error
error({code = 1})
