-- $wiz: what wizards can do besides.
object { name = "wizard", parents = { "prog" }, flags = "fertile" }

property { "commands", {
  { "@player NAME PASSWORD [programmer|wizard]", "make a player" },
  { "@boot PLAYER", "disconnect a player" },
  { "@jobs", "what runs outside the world" },
  { "@demo", "run several programs at once, with a progress line" },
  { "@report", "what the world is made of, by an awk program" },
  { "@reload", "read the scripts folder into the running world" },
  { "@shutdown [REASON]", "end the server" },
} }

verb { "@player", "any any any", function()
  set_task_perms(caller_perms(player))
  local name, password, role = args[1], args[2], args[3] or "player"
  local class = ({ player = $player, programmer = $prog, wizard = $wiz })[role]
  if not name or not password or not class or #args > 3 then
    return player:tell("Usage: @player NAME PASSWORD [programmer|wizard]")
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
  if not ok then return player:tell(made.message or made) end
  local set, why = pcall(set_password, made, password)
  if not set then
    recycle(made)
    return player:tell(why.message)
  end
  player:tell("Made ", role, " ", name, " (", made, ").")
end }

verb { "@boot", "any none none", function()
  set_task_perms(caller_perms(player))
  local who = find_player(argstr)
  if not valid(who) then return player:tell("There is no player called ", argstr, ".") end
  boot_player(who)
  player:tell(who.name, " is disconnected.")
end }

verb { "@jobs", "none none none", function()
  set_task_perms(caller_perms(player))
  local rows = jobs()
  if #rows == 0 then return player:tell("Nothing runs outside the world.") end
  player:tell(("%5s %7s %8s %9s  %-16s %s"):format("Job", "Pid", "Age", "Output", "Owner", "Command"))
  for _, job in ipairs(rows) do
    local owner = valid(job.owner) and job.owner.name or tostring(job.owner)
    player:tell(("%5d %7d %7.1fs %9d  %-16s %s"):format(job.id, job.pid, job.age, job.output, owner,
      job.command))
  end
end }

-- Several programs at once: each in a task of its own, which exec() suspends.
verb { "@demo", "none none none", function()
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
  set_task_perms(caller_perms(player))
  local code, out, err = table.unpack(exec({ "world_report" }, player:describe_world(), nil, { raw = true }))
  for line in (out .. err):gmatch("[^\n]+") do player:tell(line) end
  if code ~= 0 then player:tell("world_report ended with ", code, ".") end
end }

verb { "@reload", "none none none", function()
  set_task_perms(caller_perms(player))
  local ok, report = pcall(load_scripts)
  if not ok then return player:tell(report.message) end
  player:tell(("Read %d objects: %d new, %d verbs changed."):format(report.objects, report.created,
    report.verbs))
end }

verb { "@shutdown", "any any any", function()
  set_task_perms(caller_perms(player))
  shutdown(argstr ~= "" and argstr or nil)
end }
