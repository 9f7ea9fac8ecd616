-- KEYS: the limit. ARGV: interval and span in microseconds. Answers how long to wait in microseconds; 0 is granted.
-- What is kept is the theoretical arrival time, until it has passed. See store/quota.rs.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local ahead = arrival + ARGV[1] - now
if ahead > tonumber(ARGV[2]) then
    return string.format('%.0f', ahead - ARGV[2])
end
redis.call('SET', KEYS[1], string.format('%.0f', arrival + ARGV[1]), 'PX', string.format('%.0f', math.ceil(ahead / 1000)))
return '0'
