-- expect: finished
local function fibonacci(n) return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2) end
local words, order = {}, {}
for word in ("the quick brown fox jumps over the lazy dog the end"):gmatch("%a+") do
    if not words[word] then order[#order + 1] = word end
    words[word] = (words[word] or 0) + 1
end
table.sort(order, function(a, b)
    if words[a] ~= words[b] then return words[a] > words[b] end
    return a < b
end)
print(fibonacci(20), order[1], words.the, order[2], table.concat(order, " ", 3, 5))
local squares = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end end)
print(squares(), squares(), squares(), ("%5.2f|%-5s|%q"):format(math.pi, "ab", "q\n"))
print(pcall(error, {code = 1}) == false, select(2, pcall(error, "told", 0)),
      loadstring("return 6 * 7")())
local kept = {}
for i = 1, 2e4 do kept[i % 100] = {i, tostring(i)} end
print(#kept, kept[1][2], (("a-b-c"):gsub("%-", "+")), ("x"):rep(3, ","))
