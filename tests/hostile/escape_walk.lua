-- expect: finished
local absent = {"dofile", "loadfile", "require", "module", "newproxy", "io", "os", "debug",
                "package", "ffi", "jit", "bit"}

-- All that can be reached from anywhere: fields, keys, metatables, environments.
local is_absent, seen, count = {dump = true, _LOADED = true}, {}, 0
for _, name in ipairs(absent) do is_absent[name] = true end
local function walk(value)
    local kind = type(value)
    if kind == "userdata" or kind == "thread" then print("ESCAPED", kind) end
    if kind ~= "table" and kind ~= "function" and kind ~= "string" or seen[value] then return end
    seen[value], count = true, count + 1
    walk(getmetatable(value))
    if kind == "function" then walk(getfenv(value)) end
    if kind ~= "table" or value == is_absent or value == seen then return end
    for name, field in next, value do
        if is_absent[name] then print("ESCAPED", name) end
        walk(name)
        walk(field)
    end
end
walk(_G)
walk("")
walk(coroutine.wrap(function() end))
walk(("x"):gmatch("."))
for level = 0, 20 do
    local is_there, environment = pcall(getfenv, level)
    if is_there then walk(environment) end
end
print(count > 100 and "walked")
