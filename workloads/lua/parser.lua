-- Tokenises, parses, folds and prints a program: phases over 25 MB of tokens and syntax trees.

local FUNCTIONS, STATEMENTS = 180, 18

local seed = 31
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local OPERATORS = { " + ", " - ", " * " }

local function make_expression(depth)
    if depth == 0 then
        return random(2) == 1 and "v" .. random(9) or tostring(random(99))
    end
    local left, right = make_expression(depth - 1), make_expression(depth - random(depth))
    local text = left .. OPERATORS[random(3)] .. right
    return random(3) == 1 and "(" .. text .. ")" or text
end

local function make_source()
    local lines = {}
    for i = 1, FUNCTIONS do
        lines[#lines + 1] = "f" .. i .. " {"
        for _ = 1, STATEMENTS do
            lines[#lines + 1] = "  v" .. random(9) .. " = " .. make_expression(3) .. ";"
        end
        lines[#lines + 1] = "}"
    end
    return table.concat(lines, "\n")
end

local function new_token(text, line, column)
    local kind = text:find("^%a") and "name" or tonumber(text) and "number" or text
    return { kind = kind, text = text, line = line, column = column }
end

-- A token is a word of letters and digits, or one sign, which may stand right behind a word.
local function tokenise(source)
    local tokens, number = {}, 0
    for line in source:gmatch("[^\n]+") do
        number = number + 1
        for column, word, sign in line:gmatch("()(%w*)(%p?)") do
            if word ~= "" then tokens[#tokens + 1] = new_token(word, number, column) end
            if sign ~= "" then tokens[#tokens + 1] = new_token(sign, number, column + #word) end
        end
    end
    tokens[#tokens + 1] = { kind = "end", text = "", line = number, column = 1 }
    return tokens
end

local Parser = {}
Parser.__index = Parser

function Parser:peek()
    return self.tokens[self.position].kind
end

function Parser:take(kind)
    local token = self.tokens[self.position]
    if token.kind ~= kind then
        error(token.line .. ":" .. token.column .. ": " .. kind .. " expected")
    end
    self.position = self.position + 1
    return token
end

function Parser:primary()
    if self:peek() == "(" then
        self:take("(")
        local inside = self:sum()
        self:take(")")
        return inside
    end
    if self:peek() == "name" then return { kind = "name", token = self:take("name") } end
    local token = self:take("number")
    return { kind = "number", token = token, value = tonumber(token.text) }
end

function Parser:binary(operand, operators)
    local left = operand(self)
    while operators[self:peek()] do
        local operator = self:take(self:peek())
        left = { kind = operator.text, token = operator, left = left, right = operand(self) }
    end
    return left
end

function Parser:product() return self:binary(self.primary, { ["*"] = true }) end
function Parser:sum() return self:binary(self.product, { ["+"] = true, ["-"] = true }) end

function Parser:assignment()
    local target = self:take("name")
    self:take("=")
    local value = self:sum()
    self:take(";")
    return { kind = "assignment", token = target, value = value }
end

function Parser:definition()
    local name, body = self:take("name"), {}
    self:take("{")
    while self:peek() ~= "}" do body[#body + 1] = self:assignment() end
    self:take("}")
    return { kind = "definition", token = name, body = body }
end

function Parser:program()
    local tree = {}
    while self:peek() ~= "end" do tree[#tree + 1] = self:definition() end
    return tree
end

local ARITHMETIC = {
    ["+"] = function(a, b) return a + b end,
    ["-"] = function(a, b) return a - b end,
    ["*"] = function(a, b) return a * b end,
}

-- A folded tree is a new tree: what holds no constant is built again, as compilers' passes do.
local function fold(node)
    local operation = ARITHMETIC[node.kind]
    if not operation then return node end
    local left, right = fold(node.left), fold(node.right)
    if left.value and right.value then
        return { kind = "number", token = node.token, value = operation(left.value, right.value) }
    end
    return { kind = node.kind, token = node.token, left = left, right = right }
end

local function show(node)
    if node.kind == "number" then return string.format("%d", node.value) end
    if node.kind == "name" then return node.token.text end
    return "(" .. show(node.left) .. " " .. node.kind .. " " .. show(node.right) .. ")"
end

local parser = setmetatable({ tokens = tokenise(make_source()), position = 1 }, Parser)
local checksum = #parser.tokens
for _, definition in ipairs(parser:program()) do
    for _, statement in ipairs(definition.body) do
        statement.folded = fold(statement.value)
        checksum = (checksum * 31 + #show(statement.folded)) % 1000003
    end
end

print("parser", checksum)
return checksum
