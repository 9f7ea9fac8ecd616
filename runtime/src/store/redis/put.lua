-- KEYS: the record, the names, the ends, the versions.
-- ARGV: what is expected, the name's part, the value, the time to live in milliseconds or nothing, the long name or nothing.
-- Answers the new version, or nothing in its place and what is there.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local there = redis.call('HMGET', KEYS[1], 'version', 'written')
local version = there[1]
if ARGV[1] ~= 'anything' and ARGV[1] ~= (version or 'absent') then
    if not version then
        return { false, false }
    end
    local age = string.format('%.0f', math.max(0, math.floor((now - there[2]) / 1000)))
    return { false, { redis.call('HGET', KEYS[1], 'value'), version, age } }
end

-- Not below the time, so that a server that lost everything does not begin again.
version = string.format('%.0f', math.max(now, (redis.call('GET', KEYS[4]) or 0) + 1))
redis.call('SET', KEYS[4], version)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'value', ARGV[3], 'version', version, 'written', string.format('%.0f', now))
if ARGV[5] ~= '' then
    redis.call('HSET', KEYS[1], 'name', ARGV[5])
end
redis.call('ZADD', KEYS[2], 0, ARGV[2])
if ARGV[4] == '' then
    redis.call('ZREM', KEYS[3], ARGV[2])
else
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    redis.call('ZADD', KEYS[3], string.format('%.0f', math.floor(now / 1000) + ARGV[4]), ARGV[2])
end

-- More than a change adds, so that names don't gather.
local over = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('(%.0f', math.floor(now / 1000)), 'LIMIT', 0, 8)
if #over > 0 then
    redis.call('ZREM', KEYS[2], unpack(over))
    redis.call('ZREM', KEYS[3], unpack(over))
end
return { version, false }
