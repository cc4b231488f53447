-- expect: finished
-- It cannot be switched off: garbage is collected before the limit is met.
for _, option in ipairs {"stop", "setpause", "setstepmul", "restart"} do
    assert(not pcall(collectgarbage, option, 1e9))
end
for i = 1, 1e5 do local t = {i, {i}} end
collectgarbage() collectgarbage("step", 1e6)
print(collectgarbage("count") < 1000)
