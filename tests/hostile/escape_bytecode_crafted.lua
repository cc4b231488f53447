-- expect: finished
local header = string.char(27, 76, 117, 97, 0x51, 0, 1, 4, 8, 4, 8, 0)
for length = 1, 200 do
    local f = loadstring(header .. ("\255"):rep(length))
    if f then print("ESCAPED") end
    f = load(function() local piece = header header = nil return piece end)
    if f and length == 1 then print("ESCAPED") end
    header = header or string.char(27, 76, 117, 97, 0x51, 0, 1, 4, 8, 4, 8, 0)
end
print("refused")
