-- Content buckets: h digest -> local, v local -> digest and row, r references, f free locals by their number,
-- m counters ("next" local, "seq" of changes) and "founded", z local -> seq of its last change.
-- A local is 8 bytes, big-endian. A reference is the member local .. token .. id of the sorted set r, all
-- with score 0, so that those of one local stand beside each other.

local DIGEST = 16

local function changed(m, z, locals)
  if #locals == 0 then return end
  local seq = redis.call('HINCRBY', m, 'seq', #locals) - #locals
  local scores = {}
  for i, one in ipairs(locals) do
    scores[2 * i - 1] = seq + i
    scores[2 * i] = one
  end
  redis.call('ZADD', z, unpack(scores))
end

-- WAIT asks for the writes of its connection: a repeated step that finds everything done writes, too.
local function touch(m)
  redis.call('HINCRBY', m, 'touched', 1)
end

local function take_locals(f, m, count)
  local popped, taken = redis.call('ZPOPMIN', f, count), {}
  for i = 1, #popped, 2 do taken[#taken + 1] = popped[i] end
  local reused = #taken
  local missing = count - reused
  if missing > 0 then
    local first = redis.call('HINCRBY', m, 'next', missing) - missing
    for i = 0, missing - 1 do taken[#taken + 1] = struct.pack('>I8', first + i) end
  end
  return taken, reused
end

local function parse_items(args)
  local items, digests, at = {}, {}, 1
  while at <= #args do
    local count = tonumber(args[at + 3])
    local item = {digest = args[at], row = args[at + 1], accepted = args[at + 2], refs = {}}
    for i = 1, count do item.refs[i] = args[at + 3 + i] end
    items[#items + 1] = item
    digests[#digests + 1] = item.digest
    at = at + 4 + count
  end
  return items, digests
end

local function create(keys, fresh)
  if #fresh == 0 then return end
  local h, v, f, m, z = keys[1], keys[2], keys[4], keys[5], keys[6]
  local locals, reused = take_locals(f, m, #fresh)
  local known, rows = {}, {}
  for i, item in ipairs(fresh) do
    item.place, item.unused = locals[i], i > reused
    known[2 * i - 1], known[2 * i] = item.digest, locals[i]
    rows[2 * i - 1], rows[2 * i] = locals[i], item.digest .. item.row
  end
  redis.call('HSET', h, unpack(known))
  redis.call('HSET', v, unpack(rows))
  changed(m, z, locals)
end

-- Items of digest, row, accepted row, number of references, references (token .. id); distinct digests.
-- Answers each with its local, and a "+" behind one that was never used before; or with {row} if that is stored
-- under the digest and is neither of the two rows: only the caller knows whether they are identical.
local function acquire(keys, args)
  local items, digests = parse_items(args)
  local known = redis.call('HMGET', keys[1], unpack(digests))
  local fresh, answers, members = {}, {}, {}
  for i, item in ipairs(items) do
    item.place = known[i]
    if item.place then
      local row = string.sub(redis.call('HGET', keys[2], item.place), DIGEST + 1)
      if row ~= item.row and row ~= item.accepted then
        item.place = nil
        answers[i] = {row}
      end
    else
      fresh[#fresh + 1] = item
    end
  end
  create(keys, fresh)
  for i, item in ipairs(items) do
    if item.place then
      answers[i] = item.unused and item.place .. '+' or item.place
      for _, ref in ipairs(item.refs) do
        members[#members + 1] = 0
        members[#members + 1] = item.place .. ref
      end
    end
  end
  local added = 0
  if #members > 0 then added = redis.call('ZADD', keys[3], unpack(members)) end
  if added == 0 and #fresh == 0 then touch(keys[5]) end
  return answers
end

-- Items as for acquire, in a bucket without any; in place of the accepted row stands the local to have.
local function restore(keys, args)
  local items, locals = parse_items(args), {}
  for i, item in ipairs(items) do
    redis.call('HSET', keys[1], item.digest, item.accepted)
    redis.call('HSET', keys[2], item.accepted, item.digest .. item.row)
    for _, ref in ipairs(item.refs) do redis.call('ZADD', keys[3], 0, item.accepted .. ref) end
    locals[i] = item.accepted
  end
  changed(keys[5], keys[6], locals)
end

-- Keys f and m; the first local that was never used, and others that are free.
local function settle(keys, args)
  redis.call('HSET', keys[2], 'next', args[1])
  for i = 2, #args do redis.call('ZADD', keys[1], struct.unpack('>I8', args[i]), args[i]) end
end

local function referenced(r, place)
  return #redis.call('ZRANGEBYLEX', r, '[' .. place, '[' .. place .. '\255', 'LIMIT', 0, 1) > 0
end

-- Members of r. Answers how many were there; a local without a reference is freed.
local function release(keys, args)
  local h, v, r, f, m, z = unpack(keys)
  local freed, count = {}, 0
  for _, member in ipairs(args) do
    if redis.call('ZREM', r, member) == 1 then
      count = count + 1
      local place = string.sub(member, 1, 8)
      if not referenced(r, place) then
        local digest = string.sub(redis.call('HGET', v, place), 1, DIGEST)
        redis.call('HDEL', h, digest)
        redis.call('HDEL', v, place)
        redis.call('ZADD', f, struct.unpack('>I8', place), place)
        freed[#freed + 1] = place
      end
    end
  end
  changed(m, z, freed)
  if count == 0 then touch(m) end
  return count
end

-- As release, of what was acquired in vain: locals that were never used before have never been used, if they
-- are the last ones.
local function cancel(keys, args)
  local count, f, m = release(keys, args), keys[4], keys[5]
  for i = #args, 1, -1 do
    local place = string.sub(args[i], 1, 8)
    local last = tonumber(redis.call('HGET', m, 'next')) - 1
    if struct.pack('>I8', last) == place and redis.call('ZREM', f, place) == 1 then
      redis.call('HSET', m, 'next', last)
    end
  end
  return count
end

-- Keys r and m; locals. Answers the first local that was never used, then the references to each.
local function counts(keys, args)
  local answer = {tonumber(redis.call('HGET', keys[2], 'next') or '0')}
  for _, place in ipairs(args) do
    answer[#answer + 1] = redis.call('ZLEXCOUNT', keys[1], '[' .. place, '[' .. place .. '\255')
  end
  return answer
end

-- Keys r and z; a number (-1: all), and locals. Answers for each local the seq of its last change, and so many
-- of its references (token .. id).
local function members(keys, args)
  local answers = {}
  for i = 2, #args do
    local place = args[i]
    local refs = redis.call('ZRANGEBYLEX', keys[1], '[' .. place, '[' .. place .. '\255', 'LIMIT', 0, args[1])
    for j, member in ipairs(refs) do refs[j] = string.sub(member, 9) end
    answers[i - 1] = {tonumber(redis.call('ZSCORE', keys[2], place) or '0'), refs}
  end
  return answers
end

-- Keys h and v; a digest. Answers its local and row, or nothing.
local function lookup(keys, args)
  local place = redis.call('HGET', keys[1], args[1])
  if not place then return false end
  return {place, string.sub(redis.call('HGET', keys[2], place), DIGEST + 1)}
end

-- Keys v and z; a seq and a number. Answers what changed after it: seq, local and its row, or false if freed.
local function changes(keys, args)
  local found = redis.call('ZRANGEBYSCORE', keys[2], '(' .. args[1], '+inf', 'WITHSCORES', 'LIMIT', 0, args[2])
  local answers = {}
  for i = 1, #found, 2 do
    local stored = redis.call('HGET', keys[1], found[i])
    answers[#answers + 1] = tonumber(found[i + 1])
    answers[#answers + 1] = found[i]
    answers[#answers + 1] = stored and string.sub(stored, DIGEST + 1)
  end
  return answers
end

-- Key m. Makes a bucket one of a store: without it, it is one of a store that was dropped.
local function mark(keys)
  if redis.call('HSETNX', keys[1], 'founded', 1) == 0 then touch(keys[1]) end
end

-- Keys v, m and i. Answers the vectors, the locals ever used and the ids of a bucket.
local function sizes(keys, args)
  return {
    redis.call('HLEN', keys[1]), tonumber(redis.call('HGET', keys[2], 'next') or '0'), redis.call('HLEN', keys[3]),
  }
end
