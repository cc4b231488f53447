-- expect: finished
for _, pattern in ipairs {"%", "[", "[^", "[]", "[a", "[a-", "[%", "(", ")", "%1", "(%1)", "%b",
                      "%bx", "%f", "%fx", "%f[", "(()", "[\0", "[a\0]"} do
    assert(not pcall(string.gsub, "aaa", pattern, "%1"), pattern)
end
assert(not pcall(string.gsub, "aaa", "a", "%2"))
print("refused")
