-- expect: out of memory
-- A number of a million digits, thousands of times in one call.
local t = {}
for i = 1, 6000 do t[i] = 0 end
local digits = ("9"):rep(1e6)
for i = 1, #t do t[i] = digits end
for _, f in ipairs({math.max, math.min, string.char}) do
  assert(not pcall(f, unpack(t)))
end
string.format(("%d"):rep(#t), unpack(t))
