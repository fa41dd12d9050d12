-- wrk: messages as Kannel's post-url hands them over, each with an id of its own, from a pool of subscribers.
-- Environment: MO_TEXT, MO_FIRST (first MSISDN), MO_SUBSCRIBERS, MO_TOKEN; MO_ANSWER: what each subscriber says next, when as many as
-- MO_BLOCK have sent the first text (each subscriber once, one thread); MO_DELAY_MS: a pause before each message of a connection.
local text = os.getenv("MO_TEXT") or "YE"
local first = tonumber(os.getenv("MO_FIRST") or "13900000000")
local subscribers = tonumber(os.getenv("MO_SUBSCRIBERS") or "100000")
local token = os.getenv("MO_TOKEN") or ""
local answer = os.getenv("MO_ANSWER")
local block = tonumber(os.getenv("MO_BLOCK") or "512")
local delay_ms = tonumber(os.getenv("MO_DELAY_MS") or "0")
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local run, count

function init()
    run = string.format("%x-%x", os.time(), number)
    count = number * 7919
    wrk.method = "POST"
    wrk.headers["Content-Type"] = 'text/plain; charset="UTF-8"'
end

-- Which subscriber says what in the count-th message.
local function turn()
    if not answer then
        return first + (count * 7) % subscribers, text
    end
    local blocks = math.floor(count / block)
    return first + math.floor(blocks / 2) * block + count % block, blocks % 2 == 0 and text or answer
end

function request()
    local msisdn, body = turn()
    count = count + 1
    return wrk.format(nil, string.format("/kannel/mo?id=%s-%x&from=%d&to=10086&coding=0&charset=UTF-8&time=%d&smsc=wrk&udh=&token=%s",
        run, count, msisdn, os.time(), token), nil, body)
end

if delay_ms > 0 then
    function delay()
        return delay_ms
    end
end

function done(summary, latency)
    io.write(string.format("result requests %d errors %d duration_us %d p50_us %d p99_us %d\n", summary.requests,
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
        summary.duration, latency:percentile(50), latency:percentile(99)))
end
