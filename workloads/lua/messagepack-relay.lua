-- Packs and unpacks messages with the MessagePack library: strings of a few bytes, buffers of many.
-- needs: MessagePack

local message_pack = require("MessagePack")

local BATCHES, MESSAGES = 32, 60

local seed = 23
local function random(limit)
    seed = seed * 16807 % 2147483647
    return seed % limit + 1
end

local TOPICS = { "chat", "move", "trade", "score" }

local function make_message(number)
    local targets = {}
    for i = 1, random(8) do targets[i] = "player-" .. random(400) end
    return {
        id = number, topic = TOPICS[random(#TOPICS)], targets = targets,
        position = { x = random(4096) / 16, y = random(4096) / 16 },
        text = ("la"):rep(random(60)), urgent = random(2) == 1,
    }
end

local function make_batch(first)
    local batch = {}
    for i = 1, MESSAGES do batch[i] = make_message(first + i) end
    return batch
end

-- What a relay does: each message is packed again by itself, for each target.
local function relay(batch)
    local boxes = {}
    for _, message in ipairs(batch) do
        local packed = message_pack.pack(message)
        for _, target in ipairs(message.targets) do
            boxes[target] = (boxes[target] or "") .. packed
        end
    end
    return boxes
end

local function total_length(boxes)
    local length = 0
    for _, packed in pairs(boxes) do length = length + #packed end
    return length
end

local checksum = 0
for batch = 1, BATCHES do
    local packed = message_pack.pack(make_batch(batch * 1000))
    local received = message_pack.unpack(packed)
    assert(#received == MESSAGES, "messages were lost")
    checksum = (checksum * 31 + #packed + total_length(relay(received))) % 1000003
end

print("messagepack-relay", checksum)
return checksum
