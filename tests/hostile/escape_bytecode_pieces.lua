-- expect: finished
local bytecode = table.concat {
    "\027\076\117\097\081\000\001\004\008\004\008\000\000\000\000\000\000\000\000\000",
    "\000\000\000\000\000\000\000\000\000\000\002\002\004\000\000\000\005\000\000\000",
    "\065\064\000\000\028\064\000\001\030\000\128\000\002\000\000\000\004\006\000\000",
    "\000\000\000\000\000\112\114\105\110\116\000\004\008\000\000\000\000\000\000\000",
    "\069\083\067\065\080\069\068\000\000\000\000\000\000\000\000\000\000\000\000\000",
    "\000\000\000\000",
}

local function reader(pieces)
    local i = 0
    return function() i = i + 1 return pieces[i] end
end
local function try(pieces)
    local f = load(reader(pieces))
    if f then pcall(f) end
end
local letters = {}
for i = 1, #bytecode do letters[i] = bytecode:sub(i, i) end
try {bytecode}
try {"", bytecode}
try {"", "", bytecode}
try(letters)
table.insert(letters, 1, "")
try(letters)
try {bytecode:sub(1, 1), bytecode:sub(2)}
try {bytecode:sub(1, 4), "", bytecode:sub(5)}
try {" ", bytecode}
try {"\n", bytecode}
try {"#\n", bytecode}
try {setmetatable({}, {__tostring = function() return bytecode end})}
pcall(load, coroutine.wrap(function() coroutine.yield("") coroutine.yield(bytecode) end))
pcall(load, ("x"):gmatch("y"))
pcall(load, bytecode)
print("refused")
