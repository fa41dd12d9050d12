-- wrk: messages as Kannel's post-url hands them over, each with an id of its own, from a pool of subscribers.
-- Environment: MO_TEXT, MO_FIRST (first MSISDN), MO_SUBSCRIBERS, MO_TOKEN.
local text = os.getenv("MO_TEXT") or "YE"
local first = tonumber(os.getenv("MO_FIRST") or "13900000000")
local subscribers = tonumber(os.getenv("MO_SUBSCRIBERS") or "100000")
local token = os.getenv("MO_TOKEN") or ""
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
    wrk.body = text
    wrk.headers["Content-Type"] = 'text/plain; charset="UTF-8"'
end

function request()
    count = count + 1
    local msisdn = first + (count * 7) % subscribers
    return wrk.format(nil, string.format("/kannel/mo?id=%s-%x&from=%d&to=10086&coding=0&charset=UTF-8&time=%d&smsc=wrk&udh=&token=%s",
        run, count, msisdn, os.time(), token))
end

function done(summary, latency)
    io.write(string.format("result requests %d errors %d duration_us %d p50_us %d p99_us %d\n", summary.requests,
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
        summary.duration, latency:percentile(50), latency:percentile(99)))
end
