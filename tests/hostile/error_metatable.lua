-- expect: error
error(setmetatable({}, {__tostring = error, __concat = error, __index = error, __eq = error,
                    __metatable = error}))
