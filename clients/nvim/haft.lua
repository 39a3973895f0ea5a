-- haft for Neovim (0.7 and later): one connection to the daemon, its events, and a picker of versions.
--   require("haft").setup()   then :HaftUse node, and %{v:lua.require'haft'.status()} in the statusline
local M = { tools = {}, path = "haft", on_event = function() end }
local pipe, ready, rest, waiting, parts, queue, count = nil, false, "", {}, {}, {}, 0
local SOONEST, LATEST = 100, 5000 -- milliseconds until another attempt to connect
local pause, record, starting = SOONEST, nil, false

local function send(message) pipe:write(vim.json.encode(message) .. "\n") end
local function say(text, level) vim.notify("haft: " .. text, level or vim.log.levels.ERROR) end
local function is_there() return vim.fn.executable(M.path) == 1 end

local function call(method, params, done)
  count = count + 1
  waiting[tostring(count)] = done
  send({ type = "request", id = tostring(count), method = method, data = params or vim.empty_dict() })
end

--- Starts the daemon; the next attempt to connect finds it.
local function start()
  if starting or not is_there() then return end
  starting = true
  vim.fn.jobstart({ M.path, "daemon", "start" }, { on_exit = function(_, code)
    starting = false
    if code == 0 then return M.connect() end
    local calls = queue; queue = {}
    for _, one in ipairs(calls) do one[3]('The daemon does not start: "haft daemon start" says why') end
  end })
end

--- Asks the daemon; `done(error, data)` is called in the main loop. Starts it where none runs.
function M.request(method, params, done)
  if ready then return call(method, params, done) end
  if not is_there() then return done('"' .. M.path .. '" is not on PATH') end
  table.insert(queue, { method, params, done })
  if not pipe then start() end
end

--- Reads the project's tools again: after each event that may change them.
function M.refresh()
  local function keep(_, data) M.tools = data and data.runtimes or M.tools vim.cmd("redrawstatus") end
  M.request("runtime.list", { cwd = vim.fn.getcwd() }, keep)
end

--- `node 22.11.0, biome missing`
function M.status()
  local function words(tool) return tool.runtime .. " " .. (tool.installed and tool.version or "missing") end
  return table.concat(vim.tbl_map(words, M.tools), ", ")
end

--- Picks a version, writes it to haft.toml, and installs it. Offers the newest ten first.
function M.use(tool)
  local function install(version)
    local function told(_, code) vim.notify(tool .. " " .. version .. (code == 0 and " is there" or " failed")) end
    vim.fn.jobstart({ M.path, "use", "--", tool .. "@" .. version }, { on_exit = told })
  end
  M.request("runtime.versions", { runtime = tool, remote = true, cwd = vim.fn.getcwd() }, function(error, data)
    if error then return say(error) end
    local all = vim.fn.reverse(data.versions)
    local newest, older = vim.list_slice(all, 1, 10), ("%d older ones"):format(#all - 10)
    if #all > 10 then table.insert(newest, older) end
    vim.ui.select(newest, { prompt = tool }, function(version)
      if version == older then vim.ui.select(all, { prompt = tool }, function(one) if one then install(one) end end)
      elseif version then install(version) end
    end)
  end)
end

local function text_of(error)
  local data = type(error.data) == "table" and error.data or {}
  return error.message .. (data.next and "\n" .. data.next or "")
end

local function receive(line)
  local message = vim.json.decode(line)
  local id, kind, event = message.id, message.type, message.event
  if kind == "ping" then return send({ type = "pong", id = id }) end
  if kind == "part" then parts[id] = (parts[id] or "") .. message.data end
  if kind == "response" and waiting[id] then
    local done, data = waiting[id], message.parts and vim.json.decode(parts[id]) or message.data
    waiting[id], parts[id] = nil, nil
    done(message.error and text_of(message.error), data)
  elseif event then
    if event:match("^config%.") or event:match("^runtime%.") then M.refresh() end
    M.on_event(event, message.data)
  end
end

--- Tries again after a pause that grows. A daemon that crashed, and so left its record, is started.
local function lost()
  local calls = waiting
  pipe:close()
  pipe, ready, rest, waiting, parts = nil, false, "", {}, {}
  for _, done in pairs(calls) do done("The daemon has ended") end
  if #queue > 0 or (record and vim.loop.fs_stat(record)) then start() end
  record = nil
  vim.defer_fn(M.connect, pause)
  pause = math.min(pause * 2, LATEST)
end

local function read(connection)
  return vim.schedule_wrap(function(_, chunk)
    if connection ~= pipe then return end
    if not chunk then return lost() end
    local lines = vim.split(rest .. chunk, "\n", { plain = true })
    rest = table.remove(lines)
    for _, line in ipairs(lines) do if line ~= "" and connection == pipe then receive(line) end end
  end)
end

local function greeted(error, ack)
  if error then return pipe and say(error) end
  pause, ready, record = SOONEST, true, ack.home and ack.home.state .. "/daemon.json"
  call("events.subscribe", { types = { "config.*", "runtime.*", "app.status_change", "task.*" } }, M.refresh)
  local calls = queue; queue = {}
  for _, one in ipairs(calls) do call(unpack(one)) end
end

--- Connects, unless it is connected. The first time it starts the daemon where none runs.
function M.connect()
  if pipe then return end
  if not M.socket then
    local said = vim.fn.systemlist({ M.path, "ipc-send", "--print-socket" })
    if vim.v.shell_error ~= 0 then return say(table.concat(said, "\n")) end
    M.socket = said[#said]
  end
  local connection = vim.loop.new_pipe(false)
  pipe = connection
  pipe:connect(M.socket, vim.schedule_wrap(function(failed)
    if failed then return lost() end
    connection:read_start(read(connection))
    call("hello", { client = "nvim", protocol = { 1, 1 }, capabilities = { "parts" } }, greeted)
  end))
end

--- @param options { path = "haft", socket = nil, on_event = function(event, data) }
function M.setup(options)
  for key, value in pairs(options or {}) do M[key] = value end
  vim.api.nvim_create_user_command("HaftUse", function(command) M.use(command.args) end, { nargs = 1 })
  if not is_there() then
    return say('"' .. M.path .. '" is not on PATH; setup { path = "…" } names it', vim.log.levels.WARN)
  end
  M.connect()
end

return M
