-- expect: out of instructions
local text, wanted = ("a"):rep(1e6), ("a"):rep(5e5) .. "b"
while true do text:find(wanted, 1, true) end
