-- What a whole store is: one hash. Answers are the hash as it is afterwards, flat.

-- Fields and values of a new store, unless there is one.
local function found(keys, args)
  if redis.call('EXISTS', keys[1]) == 0 then redis.call('HSET', keys[1], unpack(args)) end
  return redis.call('HGETALL', keys[1])
end

-- The uid of a store and a dimension, which it takes if it has none.
local function fix(keys, args)
  if redis.call('HGET', keys[1], 'uid') == args[1] then
    if redis.call('HSETNX', keys[1], 'dimension', args[2]) == 0 then
      redis.call('HINCRBY', keys[1], 'touched', 1)
    end
  end
  return redis.call('HGETALL', keys[1])
end

-- The uid of a store all buckets of which are marked.
local function ready(keys, args)
  if redis.call('HGET', keys[1], 'uid') == args[1] then redis.call('HSET', keys[1], 'ready', 1) end
  return redis.call('HGETALL', keys[1])
end

-- The uid of a store, which is none from now on. The hash stays until its buckets are removed: whoever finds it
-- without a uid removes them, should this client die.
local function drop(keys, args)
  if redis.call('HGET', keys[1], 'uid') ~= args[1] then return 0 end
  redis.call('HSET', keys[1], 'going', args[1])
  return redis.call('HDEL', keys[1], 'uid')
end

-- The uid of a store that is going, and none of whose buckets are left.
local function gone(keys, args)
  if redis.call('HGET', keys[1], 'going') ~= args[1] then return 0 end
  return redis.call('DEL', keys[1])
end
