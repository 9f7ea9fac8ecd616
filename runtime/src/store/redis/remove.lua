-- KEYS: the record, the names, the ends. ARGV: what is expected, the name's part. Answers how many were removed.
local version = redis.call('HGET', KEYS[1], 'version')
if not version or (ARGV[1] ~= 'anything' and ARGV[1] ~= version) then
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
return 1
