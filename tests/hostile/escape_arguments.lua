-- expect: finished
-- Every function with arguments that make no sense: errors, and nothing else.
local strange = {0, -1, 1e308, -1e308, 0 / 0, 2^31, -2^31, 2^53, 2^63, "", "x", "%", "\0", {},
             print, function() end, true, coroutine.create(function() end)}
local is_skipped = {print = true, collectgarbage = true, setfenv = true, setmetatable = true}
local function call_all(functions)
    for name, f in pairs(functions) do
        for i = 1, type(f) == "function" and not is_skipped[name] and #strange or 0 do
            pcall(f)
            pcall(f, strange[i])
            pcall(f, "x", strange[i], strange[i])
            pcall(f, {1, 2, 3}, strange[i])
            pcall(f, {1, 2, 3}, "", strange[i], 3)
            pcall(f, strange[i], strange[(i * 7) % #strange + 1], strange[i])
        end
    end
end
call_all(string) call_all(math) call_all(coroutine)
call_all {tostring, tonumber, select, unpack, rawget, next, pairs, ipairs, assert, error,
          loadstring, load, getfenv, getmetatable, xpcall, pcall, table.concat, table.remove,
          table.sort, table.maxn, table.foreachi}
print("called")
