-- KEYS: the names, the ends. ARGV: how keys of records begin, the first name as ZRANGEBYLEX takes it, how many.
-- Answers the last name that was looked at, or nothing when there are no more; and records with their names.
local names = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], '+', 'LIMIT', 0, ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, name in ipairs(names) do
    local there = redis.call('HMGET', ARGV[1] .. name, 'value', 'version', 'written', 'name')
    if there[2] then
        local age = string.format('%.0f', math.max(0, now - math.floor(there[3] / 1000)))
        table.insert(found, { name, there[4], { there[1], there[2], age } })
    else
        redis.call('ZREM', KEYS[1], name)
        redis.call('ZREM', KEYS[2], name)
    end
end
local last = #names == tonumber(ARGV[3]) and names[#names]
return { last, found }
