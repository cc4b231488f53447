-- expect: finished
print(xpcall(error, error), xpcall(error, nil or print))
print(pcall(xpcall, error))
