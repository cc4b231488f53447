-- expect: finished
for _, format in ipairs {"%99.99f", "%.99f", "%99999d", "%#%", "%n", "%s%s%s", "%p",
                         "%*d", "%", "%c", "%10000c", "%.1000s", "%q", "%-+ #0d",
                         "%-+ #0-+ #0d", "%ld", "%hn"} do
    pcall(string.format, format, 1e308, 1, 1)
    pcall(string.format, format, "x", "y")
    pcall(string.format, format)
end
print("formatted")
