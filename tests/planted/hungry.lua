-- Asks for memory until there is none: only a limit or the machine stops it.
local kept, text = {}, string.rep("x", 1024 * 1024)
while true do kept[#kept + 1] = text .. #kept end
