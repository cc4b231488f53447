-- expect: out of memory
local kept = nil
while true do
    local before, number = kept, 0
    kept = function() number = number + 1 return before, number end
end
