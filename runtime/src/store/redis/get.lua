-- KEYS: the record. Answers its value, version and age in milliseconds.
local there = redis.call('HMGET', KEYS[1], 'value', 'version', 'written')
if not there[2] then
    return false
end
local time = redis.call('TIME')
local age = math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - math.floor(there[3] / 1000))
return { there[1], there[2], string.format('%.0f', age) }
