-- haft for Neovim (0.7 and later): a connection to the daemon, its events, and a picker of versions.
--   require("haft").setup()   then :HaftUse node, and %{v:lua.require'haft'.status()} in the statusline
local M = { tools = {}, path = "haft", on_event = function() end }
local pipe, rest, waiting, parts, count = nil, "", {}, {}, 0

local function send(message) pipe:write(vim.json.encode(message) .. "\n") end

--- Asks the daemon; `done(error, data)` is called in the main loop.
function M.request(method, params, done)
  if not pipe then return done("The daemon is not running: haft daemon start") end
  count = count + 1
  waiting[tostring(count)] = done
  send({ type = "request", id = tostring(count), method = method, data = params or vim.empty_dict() })
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

--- Picks a version, writes it to haft.toml, and installs it.
function M.use(tool)
  M.request("runtime.versions", { runtime = tool, remote = true, cwd = vim.fn.getcwd() }, function(error, data)
    if error then return vim.notify(error, vim.log.levels.ERROR) end
    vim.ui.select(vim.fn.reverse(data.versions), { prompt = tool }, function(version)
      local function told(_, code) vim.notify(tool .. " " .. version .. (code == 0 and " is there" or " failed")) end
      if version then vim.fn.jobstart({ M.path, "use", "--", tool .. "@" .. version }, { on_exit = told }) end
    end)
  end)
end

local function receive(line)
  local message = vim.json.decode(line)
  local id, kind, event = message.id, message.type, message.event
  if kind == "ping" then return send({ type = "pong", id = id }) end
  if kind == "part" then parts[id] = (parts[id] or "") .. message.data end
  if kind == "response" and waiting[id] then
    local done, data = waiting[id], message.parts and vim.json.decode(parts[id]) or message.data
    waiting[id], parts[id] = nil, nil
    done(message.error and message.error.message, data)
  elseif event then
    if event:match("^config%.") or event:match("^runtime%.") then M.refresh() end
    M.on_event(event, message.data)
  end
end

local function read(chunk)
  local lines = vim.split(rest .. chunk, "\n", { plain = true })
  rest = table.remove(lines)
  for _, line in ipairs(lines) do if line ~= "" then receive(line) end end
end

local function lost()
  local asked = waiting
  pipe, rest, waiting, parts = nil, "", {}, {}
  for _, done in pairs(asked) do done("The daemon has ended") end
end

--- Connects, and again each second after the daemon has ended, until there is one.
local function connect(is_again)
  local own = vim.loop.new_pipe(false)
  local function again() own:close() vim.defer_fn(function() connect(true) end, 1000) end
  own:connect(M.socket, vim.schedule_wrap(function(failed)
    if failed then again() return is_again or vim.notify("haft: " .. failed, vim.log.levels.WARN) end
    pipe = own
    pipe:read_start(vim.schedule_wrap(function(_, chunk) if chunk then read(chunk) else lost() again() end end))
    M.request("hello", { client = "nvim", protocol = { 1, 1 }, capabilities = { "parts" } }, function()
      M.request("events.subscribe", { types = { "config.*", "runtime.*", "app.status_change", "task.*" } }, M.refresh)
    end)
  end))
end

--- @param options { path = "haft", socket = nil, on_event = function(event, data) }
function M.setup(options)
  for key, value in pairs(options or {}) do M[key] = value end
  vim.api.nvim_create_user_command("HaftUse", function(command) M.use(command.args) end, { nargs = 1 })
  M.socket = M.socket or vim.trim(vim.fn.system({ M.path, "ipc-send", "--print-socket" }))
  connect()
end

return M
