-- expect: out of instructions
local a, b, each = {}, {}, table.foreach
for i = 1, 60 do
  a, b = {[a] = each, [b] = each}, {[a] = each, [b] = each}
end
each(a, each)
