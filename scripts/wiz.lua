-- $wiz: what wizards can do besides.
object { name = "wizard", parents = { "prog" }, flags = "fertile readable" }

verb { "@player", "any any any", function()
  -- @player NAME PASSWORD [programmer|wizard]
  -- Makes a player.
  set_task_perms(caller_perms(player))
  local name, password, role = args[1], args[2], args[3] or "player"
  local class = ({ player = $player, programmer = $prog, wizard = $wiz })[role]
  if not name or not password or not class or #args > 3 then
    return player:usage()
  end
  if name:find("[%c%s#$\"]") or tonumber(name) then
    return player:tell("\"", name, "\" is no name for a player.")
  end
  if valid(find_player(name)) then return player:tell("There is a player called ", name, ".") end
  local ok, made = pcall(function()
    local object = create(class)
    object.name = name
    object.owner = object
    object.programmer = role ~= "player"
    object.wizard = role == "wizard"
    set_player_flag(object, true)
    move(object, $first_room)
    return object
  end)
  if not ok then return player:tell_error(made) end
  local set, why = pcall(set_password, made, password)
  if not set then
    recycle(made)
    return player:tell_error(why)
  end
  player:tell("Made ", role, " ", name, " (", made, ").")
end }

verb { "@boot", "any any any", function()
  -- @boot PLAYER [REASON]
  -- Disconnects a player, and says why.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local who, reason = find_player(args[1]), argstr:match("^%S+%s+(.+)$")
  if not valid(who) then return player:tell("There is no player called ", args[1], ".") end
  if not pcall(idle_seconds, who) then return player:tell(who.name, " is not connected.") end
  if not task_perms().wizard then return player:tell("Only wizards disconnect others.") end
  who:tell("*** ", player.name, " disconnects you", reason and ": " .. reason or "", " ***")
  boot_player(who)
  player:tell(who.name, " is disconnected.")
end }

verb { "@wall", "any any any", function()
  -- @wall TEXT
  -- Tells everyone who is connected.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  if not task_perms().wizard then return player:tell("Only wizards speak to all.") end
  for _, who in ipairs(connected_players()) do
    who:tell({ bold = "*** " .. player.name .. " to all: " .. argstr .. " ***" })
  end
end }

verb { "@chown", "any any any", function()
  -- @chown OBJECT | OBJECT.PROPERTY | OBJECT:VERB to PLAYER
  -- Gives something to another owner.
  set_task_perms(caller_perms(player))
  local what, to = $text:around(argstr, "to")
  if not what then return player:usage() end
  local ok, why = pcall(function()
    local owner, named = $named(to), what
    if what:find(":", 1, true) then
      local object, name = $verb_named(what)
      local info = verb_info(object, name)
      set_verb_info(object, name, { owner, info[2], info[3] })
      named = object .. ":" .. name
    elseif what:find("%.") then
      local object, name = $property_named(what)
      set_property_info(object, name, { owner, property_info(object, name)[2] })
      named = object .. "." .. name
    else
      local object = $visible(what)
      object.owner = owner
      named = $label(object)
    end
    player:tell(named, " now belongs to ", $label(owner), ".")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@jobs", "any any any", function()
  -- @jobs [kill JOB]
  -- What runs outside the world, with the processor time, the KiB of memory and of output that it had so far;
  -- or ends one of them, by its number.
  set_task_perms(caller_perms(player))
  local id = math.tointeger(tonumber(args[2]))
  if #args == 2 and args[1] == "kill" and id then
    local ok, why = pcall(kill_job, id)
    return ok and player:tell("Job ", id, " is killed.") or player:tell_error(why)
  elseif #args > 0 then
    return player:usage()
  end
  local rows = {}
  for i, job in ipairs(jobs()) do
    rows[i] = { job.id, job.kind, $label(job.owner), ("%.1fs"):format(job.age), ("%.2fs"):format(job.cpu),
      job.memory // 1024, job.output // 1024, (job.command:gsub("%c", " ")) }
  end
  if #rows == 0 then return player:tell("Nothing runs outside the world.") end
  player:tell_lines($text:table({ "Job", "Kind", "Owner", "Age", "CPU", "Memory", "Output", "Command" }, rows))
end }

verb { "@frames", "any any any", function()
  -- @frames [PATH]
  -- The tree of what can be executed, or what is beneath a frame, with how often each is open. See help frames.
  set_task_perms(caller_perms(player))
  local lines = {}
  local function show(path, depth)
    local known, info = pcall(frame.info, path)
    if not known then info = { module_id = "folder", opens = 0 } end
    local about = {}
    local function add(...) about[#about + 1] = table.concat({ ... }) end
    if info.addr then add(info.module_id, " ", info.addr) end
    if info.exectype == "built-in" then add("built-in") end
    if info.isolate then add("isolated by ", info.isolate) end
    if info.profile then add("profile ", info.profile) end
    if info.value and not info.module_id then add($text:count(#info.value, "byte")) end
    if info.opens > 0 then
      local openers = {}
      for who, count in pairs(info.opened_by) do openers[#openers + 1] = $label(who) .. " " .. count end
      add("open ", info.opens, ": ", table.concat(openers, ", "))
    end
    local name = depth == 0 and path or path:match("[^/]*$")
    local line = ("  "):rep(depth) .. (name:gsub("%c", " ")) .. (#about > 0 and "   " or "") ..
      table.concat(about, ", "):gsub("%c", " ")
    lines[#lines + 1] = info.opens > 0 and { { bold = line } } or line
    if #lines > 500 then raise(E_QUOTA, "There are more than 500 frames: name a path.") end
    -- Of modules and libraries nobody has asked for, what is bound alone: their files are many.
    for _, child in ipairs(frame.list(path, path ~= argstr)) do show(child, depth + 1) end
  end
  local ok, why = pcall(function()
    if argstr ~= "" then return show(argstr, 0) end
    for _, path in ipairs(frame.list()) do show(path, 0) end
  end)
  if not ok and why ~= E_QUOTA then return player:tell_error(why) end
  if not ok then lines[#lines + 1] = why.message end
  player:tell_lines(lines)
end }

verb { "@setquota", "any any any", function()
  -- @setquota PLAYER objects|bytes NUMBER|none
  -- Limits how many more objects a player may make, or how many bytes all of them may have.
  set_task_perms(caller_perms(player))
  local name = ({ objects = "ownership_quota", bytes = "byte_quota" })[args[2]]
  local limit = math.tointeger(tonumber(args[3]))
  if not name or not (limit or args[3] == "none") then return player:usage() end
  local ok, why = pcall(function()
    local who = $named(args[1])
    local known, info = pcall(property_info, who, name)
    if not known and info ~= E_PROPNF then raise(info) end
    if known and info[3] ~= who then
      raise(E_INVARG, $label(who) .. " inherits a property " .. name .. " from " .. $label(info[3]) .. ", and need not.")
    end
    if not known then add_property(who, name, false, { player, "r" }) end
    -- One that was there already may be the player's own.
    set_property_info(who, name, { player, "r" })
    who[name] = limit or false
    player:tell($label(who), " may have ", args[2] == "objects" and "more objects: " or "bytes: ", limit or "no limit")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@profile", "any any any", function()
  -- @profile [SECONDS|on|off]
  -- Where time and ticks go, verb by verb: counts for so long, or from on until off, and shows the most.
  set_task_perms(caller_perms(player))
  local seconds = tonumber(argstr)
  if argstr == "on" or seconds then
    profile_verbs(true)
    player:tell("Counting", seconds and " for " .. $duration(seconds) .. "." or ": @profile off ends it.")
    if not seconds then return end
    suspend(seconds)
  elseif argstr ~= "" and argstr ~= "off" then
    return player:usage()
  end
  local counted = verb_profile()
  if argstr ~= "" then profile_verbs(false) end
  local rows, time, ticks = {}, 0, 0
  for i, entry in ipairs(counted) do
    time, ticks = time + entry.seconds, ticks + entry.ticks
    if i <= 40 then
      rows[i] = { valid(entry.object) and entry.object .. ":" .. entry.verb or entry.verb, entry.calls, entry.ticks,
        tonumber(("%.1f"):format(entry.seconds * 1000)) }
    end
  end
  if #rows == 0 then return player:tell("Nothing was counted: @profile 10 counts for ten seconds.") end
  local lines = $text:table({ "Verb", "Calls", "Ticks", "Milliseconds" }, rows)
  lines[#lines + 1] = ("In all %d ticks and %.1f ms, in %s."):format(ticks, time * 1000, $text:count(#counted, "verb"))
  player:tell_lines(lines)
end }

verb { "@stats", "none none none", function()
  -- @stats
  -- How much there is in the server: objects, tasks, jobs, players, memory.
  set_task_perms(caller_perms(player))
  local usage, rows = memory_usage(), {}
  local names = {}
  for name in pairs(usage) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do rows[i] = { name, usage[name] } end
  rows[#rows + 1] = { "players", #players() }
  rows[#rows + 1] = { "connected", #connected_players() }
  player:tell("Cosmoo ", server_version())
  player:tell_lines($text:table({ "What", "How much" }, rows))
end }

-- Several programs at once: each in a task of its own, which exec() suspends.
verb { "@demo", "none none none", function()
  -- @demo
  -- Runs several programs at once, with a progress line.
  set_task_perms(caller_perms(player))
  local commands = {
    { "echo", "hello", "from", "outside" },
    { "test_args", "one", "two words" },
    { "test_with_sleep", "1" },
    { "sleep", "2" },
    { "test_exit_status", "3" },
  }
  local main, results, done = task_id(), {}, 0
  player:tell("Running ", #commands, " programs at once.")
  for i, command in ipairs(commands) do
    fork(0, function()
      local ok, result = pcall(exec, command)
      results[i] = ok and result or { -1, "", result.message }
      done = done + 1
      player:tell(("[%s%s] %d of %d: %s"):format(("#"):rep(done), ("-"):rep(#commands - done), done,
        #commands, table.concat(command, " ")))
      if done == #commands then resume(main) end
    end)
  end
  suspend(60)
  for i, command in ipairs(commands) do
    local result = results[i]
    if not result then
      player:tell(command[1], ": still running")
    else
      player:tell(("%-18s exit code %d"):format(command[1], result[1]))
      for line in decode_binary(result[2]):gmatch("[^\n]+") do player:tell("    ", line) end
      for line in decode_binary(result[3]):gmatch("[^\n]+") do player:tell("    (error) ", line) end
    end
  end
end }

-- One line an object, for the program world_report.
verb { "describe_world", function()
  set_task_perms(caller_perms(player))
  local lines = {}
  for i, object in ipairs(objects()) do
    if i % 50 == 0 then suspend(0) end
    if valid(object) then
      local bytes, above = 0, {}
      for _, name in ipairs(properties(object)) do bytes = bytes + #toliteral(object[name]) end
      for place = 1, #verbs(object) do bytes = bytes + #verb_code(object, place) end
      for _, parent in ipairs(parents(object)) do above[#above + 1] = tostring(parent) end
      lines[#lines + 1] = table.concat({ tostring(object), (object.name:gsub("%c", " ")),
        tostring(object.owner), table.concat(above, " "), #properties(object), #verbs(object), bytes },
        "\t")
    end
  end
  return table.concat(lines, "\n") .. "\n"
end }

verb { "@report", "none none none", function()
  -- @report
  -- What the world is made of, by an awk program.
  set_task_perms(caller_perms(player))
  local code, out, err = table.unpack(exec({ "world_report" }, player:describe_world(), nil, { raw = true }))
  for line in (out .. err):gmatch("[^\n]+") do player:tell(line) end
  if code ~= 0 then player:tell("world_report ended with ", code, ".") end
end }

verb { "@reload", "none none none", function()
  -- @reload
  -- Reads the scripts folder into the running world.
  set_task_perms(caller_perms(player))
  local ok, report = pcall(load_scripts)
  if not ok then return player:tell_error(report) end
  player:tell(("Read %d objects: %d new, %d verbs changed."):format(report.objects, report.created,
    report.verbs))
end }

verb { "@export", "any any any", function()
  -- @export [OBJECT...]
  -- Writes the world, or some objects, as Lua files into the folder that the configuration names.
  set_task_perms(caller_perms(player))
  local ok, report = pcall(function()
    local objects = {}
    for i, name in ipairs(args) do objects[i] = $named(name) end
    return export_world(#objects > 0 and objects or nil)
  end)
  if not ok then return player:tell_error(report) end
  player:tell(("Exported %d objects to %s: %d files written, %d removed."):format(report.objects, report.folder,
    report.written, report.removed))
end }

verb { "@import", "any any any", function()
  -- @import [replace]
  -- Reads what @export writes: verbs and what is missing; with replace, objects become as the files say.
  set_task_perms(caller_perms(player))
  if argstr ~= "" and argstr ~= "replace" then return player:usage() end
  local ok, report = pcall(import_world, argstr ~= "" and argstr or nil)
  if not ok then return player:tell_error(report) end
  player:tell(("Imported %d objects from %s: %d new, %d verbs changed."):format(report.objects, report.folder,
    report.created, report.verbs))
end }

verb { "@shutdown", "any any any", function()
  -- @shutdown [REASON]
  -- Ends the server.
  set_task_perms(caller_perms(player))
  shutdown(argstr ~= "" and argstr or nil)
end }
