-- haft for Neovim (0.7 and later): one connection to the daemon, its events, and a picker of versions.
--   local haft = require("haft"); haft.setup()   then :HaftUse node, and %{v:lua.require'haft'.status()}
local M = { tools = {}, on_event = function() end }
local pipe, buffer, waiting, parts, next_id = nil, "", {}, {}, 0

local function send(message) pipe:write(vim.json.encode(message) .. "\n") end

--- Asks the daemon; `done(error, data)` is called in the main loop.
function M.request(method, params, done)
  if not pipe then return done("The daemon is not running: haft daemon start") end
  next_id = next_id + 1
  waiting[tostring(next_id)] = done
  send({ type = "request", id = tostring(next_id), method = method, data = params or vim.empty_dict() })
end

local function receive(line)
  local message = vim.json.decode(line)
  if message.type == "ping" then return send({ type = "pong", id = message.id }) end
  if message.type == "part" then
    parts[message.id] = (parts[message.id] or "") .. message.data
  elseif message.type == "response" then
    local done, text = waiting[message.id], parts[message.id]
    waiting[message.id], parts[message.id] = nil, nil
    if message.parts then message.data = vim.json.decode(text) end
    if done then done(message.error and message.error.message, message.data) end
  elseif message.event then
    if message.event:match("^config%.") or message.event:match("^runtime%.") then M.refresh() end
    M.on_event(message.event, message.data)
  end
end

--- The project's tools are read again: after each event that may change them.
function M.refresh()
  M.request("runtime.list", { cwd = vim.fn.getcwd() }, function(_, data)
    if data then M.tools = data.runtimes end
    vim.cmd("redrawstatus")
  end)
end

--- `node 22.11.0, biome missing`
function M.status()
  return table.concat(vim.tbl_map(function(tool)
    return tool.runtime .. " " .. (tool.installed and tool.version or "missing")
  end, M.tools), ", ")
end

--- Picks a version, writes it to haft.toml, and installs it.
function M.use(tool)
  M.request("runtime.versions", { runtime = tool, remote = true, cwd = vim.fn.getcwd() }, function(error, data)
    if error then return vim.notify(error, vim.log.levels.ERROR) end
    vim.ui.select(vim.fn.reverse(data.versions), { prompt = tool }, function(version)
      if not version then return end
      vim.fn.jobstart({ M.path, "use", "--", tool .. "@" .. version }, {
        on_exit = function(_, code) vim.notify(tool .. " " .. version .. (code == 0 and " is there" or " failed")) end,
      })
    end)
  end)
end

--- @param options { path = "haft", socket = nil, on_event = function(event, data) }
function M.setup(options)
  options = options or {}
  M.path = options.path or "haft"
  M.on_event = options.on_event or M.on_event
  vim.api.nvim_create_user_command("HaftUse", function(command) M.use(command.args) end, { nargs = 1 })
  local socket = options.socket or vim.trim(vim.fn.system({ M.path, "ipc-send", "--print-socket" }))
  pipe = vim.loop.new_pipe(false)
  pipe:connect(socket, vim.schedule_wrap(function(failed)
    if failed then pipe = nil return vim.notify("haft: " .. failed, vim.log.levels.WARN) end
    pipe:read_start(vim.schedule_wrap(function(_, chunk)
      if not chunk then pipe, waiting, parts = nil, {}, {} return end
      buffer = buffer .. chunk
      -- Not by patterns, which look at a long line from each of its characters.
      local from, newline = 1, buffer:find("\n", 1, true)
      while newline do
        if newline > from then receive(buffer:sub(from, newline - 1)) end
        from, newline = newline + 1, buffer:find("\n", newline + 1, true)
      end
      buffer = buffer:sub(from)
    end))
    M.request("hello", { client = "nvim", protocol = { 1, 1 }, capabilities = { "parts" } }, function()
      local types = { "config.changed", "runtime.*", "app.status_change", "task.*" }
      M.request("events.subscribe", { types = types }, function() M.refresh() end)
    end)
  end))
end

return M
