-- Nothing is written to a bucket without its mark, in key number m: somebody has dropped the store.
local function guarded(body, m)
  if not m then return body end
  return function(keys, args)
    if redis.call('HEXISTS', keys[m], 'founded') == 0 then return redis.error_reply('DROPPED ' .. keys[m]) end
    return body(keys, args)
  end
end

local function writing(name, body, m)
  redis.register_function(LIBRARY .. '_' .. name, guarded(body, m))
end

-- What gives memory back, or is needed to end a step, works on a full server, too.
local function ending(name, body, m)
  redis.register_function{
    function_name = LIBRARY .. '_' .. name, callback = guarded(body, m), flags = {'allow-oom'},
  }
end

local function reading(name, body)
  redis.register_function{function_name = LIBRARY .. '_' .. name, callback = body, flags = {'no-writes'}}
end

writing('acquire', acquire, 5)
ending('release', release, 5)
ending('cancel', cancel, 5)
writing('restore', restore, 5)
writing('settle', settle, 2)
writing('link', link, 3)
ending('unlink', unlink, 2)
ending('fence', fence, 3)
ending('forget', forget, 2)
writing('mark', mark)
writing('found', found)
writing('ready', ready)
writing('fix', fix)
ending('drop', drop)
ending('gone', gone)
reading('counts', counts)
reading('members', members)
reading('lookup', lookup)
reading('changes', changes)
reading('sizes', sizes)
