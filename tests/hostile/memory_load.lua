-- expect: out of memory
-- A number without an end, of which the compiler's buffer grows.
assert(load(function() return "1111111111111111" end))
