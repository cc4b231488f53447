-- expect: out of instructions
(("a"):rep(1e3)):gsub("a", function() string.find(("a"):rep(1e5), ".-.-b") end)
