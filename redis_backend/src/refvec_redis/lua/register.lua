local function writing(name, body)
  redis.register_function(LIBRARY .. '_' .. name, body)
end

-- What gives memory back, or is needed to end a step, works on a full server, too.
local function ending(name, body)
  redis.register_function{function_name = LIBRARY .. '_' .. name, callback = body, flags = {'allow-oom'}}
end

local function reading(name, body)
  redis.register_function{function_name = LIBRARY .. '_' .. name, callback = body, flags = {'no-writes'}}
end

writing('acquire', acquire)
ending('release', release)
writing('restore', restore)
writing('settle', settle)
writing('link', link)
ending('unlink', unlink)
ending('fence', fence)
ending('forget', forget)
writing('found', found)
writing('fix', fix)
ending('drop', drop)
reading('counts', counts)
reading('members', members)
reading('lookup', lookup)
reading('changes', changes)
reading('sizes', sizes)
