-- expect: out of memory
print(#string.rep("", 1e15))
string.rep("x", 1e15)
