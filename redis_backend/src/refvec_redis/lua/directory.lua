-- Directory buckets: i id -> entry (token, index, digest), x fenced token -> time of the server, m counters.

local TOKEN = 16

local function of_every(args, width, offset)
  local found = {}
  for at = offset, #args, width do found[#found + 1] = args[at] end
  return found
end

-- Items of id, token, entry, and the token that the id has now ('' for an absent id).
-- Answers 1: linked; 0: fenced; the entry that is there instead; -1: there is none.
-- Sent once for each token: this is where an id comes to be.
local function link(keys, args)
  local i, x, m = unpack(keys)
  local current = redis.call('HMGET', i, unpack(of_every(args, 4, 1)))
  local fences = redis.call('EXISTS', x) == 1
  local answers, linked = {}, {}
  for at = 1, #args, 4 do
    local id, token, entry, expected = args[at], args[at + 1], args[at + 2], args[at + 3]
    local now = current[(at + 3) / 4]
    local has = now and string.sub(now, 1, TOKEN) or ''
    local answer
    if has == token then
      answer = 1
    elseif fences and redis.call('HEXISTS', x, token) == 1 then
      answer = 0
    elseif has == expected then
      answer = 1
      linked[#linked + 1] = id
      linked[#linked + 1] = entry
    else
      answer = now or -1
    end
    answers[#answers + 1] = answer
  end
  if #linked > 0 then redis.call('HSET', i, unpack(linked)) else touch(m) end
  return answers
end

-- Keys i and m; items of id and token. Answers 1 where the id had the token, and has gone.
local function unlink(keys, args)
  local current = redis.call('HMGET', keys[1], unpack(of_every(args, 2, 1)))
  local answers, gone = {}, {}
  for at = 1, #args, 2 do
    local now = current[(at + 1) / 2]
    local ours = now and string.sub(now, 1, TOKEN) == args[at + 1]
    answers[#answers + 1] = ours and 1 or 0
    if ours then gone[#gone + 1] = args[at] end
  end
  if #gone > 0 then redis.call('HDEL', keys[1], unpack(gone)) else touch(keys[2]) end
  return answers
end

-- Items of id and token. Answers 1 where the id has the token; elsewhere it never will: 0.
local function fence(keys, args)
  local i, x, m = unpack(keys)
  local current = redis.call('HMGET', i, unpack(of_every(args, 2, 1)))
  local now = redis.call('TIME')[1]
  local answers, fenced = {}, {}
  for at = 1, #args, 2 do
    local entry = current[(at + 1) / 2]
    local linked = entry and string.sub(entry, 1, TOKEN) == args[at + 1]
    answers[#answers + 1] = linked and 1 or 0
    if not linked then
      fenced[#fenced + 1] = args[at + 1]
      fenced[#fenced + 1] = now
    end
  end
  if #fenced > 0 then redis.call('HSET', x, unpack(fenced)) else touch(m) end
  return answers
end

-- Keys x and m; a number of seconds. Forgets fences that are older, and answers how many these were.
local function forget(keys, args)
  local now, old = redis.call('TIME')[1], {}
  local all = redis.call('HGETALL', keys[1])
  for at = 1, #all, 2 do
    if tonumber(now) - tonumber(all[at + 1]) > tonumber(args[1]) then old[#old + 1] = all[at] end
  end
  for _, token in ipairs(old) do redis.call('HDEL', keys[1], token) end
  if #old == 0 then touch(keys[2]) end
  return #old
end
