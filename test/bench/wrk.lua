-- Sends what the environment says, and ends with one line of JSON that wrk.ts reads.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"

local keys = tonumber(os.getenv("BENCH_KEYS") or "")
if keys then
  local before, after = os.getenv("BENCH_PATH"):match("^(.*){key}(.*)$")
  -- Without this function wrk sends one prepared request, which costs less.
  function request()
    return wrk.format(nil, before .. math.random(keys) .. after)
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"maxUs":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
