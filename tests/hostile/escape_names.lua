-- expect: finished
local absent = {"dofile", "loadfile", "require", "module", "newproxy", "io", "os", "debug",
                "package", "ffi", "jit", "bit"}

for _, name in ipairs(absent) do
    if rawget(_G, name) ~= nil or getfenv(0)[name] ~= nil then print("ESCAPED", name) end
end
if string.dump then print("ESCAPED", "string.dump") end
if getfenv(print)[absent[1]] then print("ESCAPED", "getfenv") end
print("looked")
