-- $prog: what programmers can do besides: run code, write verbs, watch tasks.
object { name = "programmer", parents = { "builder" }, flags = "fertile readable" }

-- What is being edited: see $editor.
property { "edits", {}, perms = "c" }

-- player:read_text([most]): the lines that the player types up to ".", and how it ended: "done",
-- "abort", "gone", when the connection is, or "large": of more than so many bytes there are only the
-- first ones.
verb { "read_text", function()
  set_task_perms(caller_perms(player))
  local lines, left = {}, args[1] or math.huge
  while true do
    local there, line = pcall(read, player)
    if not there then return lines, "gone" end
    if line == "." then return lines, left < 0 and "large" or "done" end
    if line:lower() == "@abort" then
      player:tell("Given up.")
      return lines, "abort"
    end
    -- A line that begins with a dot is sent with two, so that "." can be part of a text.
    left = left - #line
    if left >= 0 then lines[#lines + 1] = line:sub(1, 2) == ".." and line:sub(2) or line end
  end
end }

verb { "eval", "any any any", function()
  -- ;CODE
  -- Runs Lua, an expression or statements; ; alone reads lines of it. See help eval.
  set_task_perms(caller_perms(player))
  local code = argstr
  if not code:find("%S") then
    player:tell("Lines of Lua; `.` alone runs them, @abort gives up.")
    local lines, ending = player:read_text()
    if ending ~= "done" then return end
    code = table.concat(lines, "\n")
  end
  local result = table.pack(eval(code))
  local told_how = false
  while not result[1] and result[3] do
    -- It ends too early: what is typed or pasted next belongs to it.
    if not told_how then player:tell("(go on; `.` alone gives up)") end
    told_how = true
    local line = read(player)
    if line == "." or line:lower() == "@abort" then return player:tell({ error = result[2] }) end
    code = code .. "\n" .. line
    result = table.pack(eval(code))
  end
  if not result[1] then return player:tell({ error = result[2] }) end
  local shown = {}
  for i = 2, math.max(result.n, 2) do shown[#shown + 1] = toliteral(result[i]) end
  player:tell("=> ", table.concat(shown, ", "))
end }

-- --- verbs

verb { "@program .program", "any any any", function()
  -- @program OBJECT:VERB
  -- Takes the lines you paste next, up to `.`, as the verb's code, and adds the verb if it is new.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local object, name = $verb_named(args[1])
    local found, info = pcall(verb_info, object, name)
    if not found and info ~= E_VERBNF then raise(info) end
    if not found then
      add_verb(object, { player, "rxd", name }, { "this", "none", "this" })
      player:tell("There was no ", object, ":", name, ": added it (this none this).")
    end
    player:tell("Now programming ", object, ":", name, ". `.` alone ends, @abort gives up.")
    local lines, ending = player:read_text()
    if ending == "abort" then return end
    local reference = object .. ":" .. name
    if ending == "gone" then return $editor:keep(reference, lines) end
    local done, wrong = pcall(set_verb_code, object, name, lines)
    if done then
      return player:tell("Programmed ", reference, ", ", $text:count(#lines, "line"), ".")
    end
    player:tell("Not programmed: ", { error = wrong.message })
    $editor:tell_place(lines, wrong.message)
    $editor:keep(reference, lines)
    player:tell("What you pasted is kept: @edit ", reference, " corrects it.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@list", "any any any", function()
  -- @list OBJECT:VERB [LINES] [plain]
  -- Shows a verb's code: all, or lines such as 3-7; plain leaves the numbers away.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local object, name = $verb_named(args[1])
    object = $verb_home(object, name)
    local info = verb_info(object, name)
    local first, last, plain = 1, math.huge, false
    for i = 2, #args do
      local from, to = args[i]:match("^(%d+)%-?(%d*)$")
      if from then
        first = tonumber(from)
        last = to ~= "" and tonumber(to) or args[i]:find("-") and last or first
      elseif args[i] == "plain" then
        plain = true
      else
        return player:usage()
      end
    end
    local lines = {}
    if not plain then
      lines[1] = { { heading = object .. ":" .. info[3] }, "   " .. $form(object, name) .. "   " .. info[2] ..
        "   owner " .. $label(info[1]) }
    end
    local code = verb_code(object, name)
    if code == "" then lines[#lines + 1] = "(no code yet: @program " .. object .. ":" .. name .. ")" end
    for number, line in ipairs(code ~= "" and $text:lines(code) or {}) do
      if number >= first and number <= last then
        lines[#lines + 1] = plain and line or $editor:show_line(number, line)
      end
    end
    player:tell_lines(lines)
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@edit", "any none none", function()
  -- @edit [OBJECT:VERB | OBJECT.PROPERTY]
  -- Edits code or a text line by line; alone, goes on with what you were editing. See help editor.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function() $editor:edit(argstr) end)
  if not ok then player:tell_error(why) end
end }

verb { "@verb", "any any any", function()
  -- @verb OBJECT:NAMES [DIRECT PREPOSITION INDIRECT [LETTERS]]
  -- Adds a verb without code: @verb bell:ring this none none; @verb box:"put drop" any in this rxd
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local object, name = $verb_named(args[1])
    local form, letters = player:verb_form(args, { "this", "none", "this" })
    local first = name:match("^%S+"):gsub("%*", "")
    local known, other = pcall(verb_info, object, first)
    local place = add_verb(object, { player, letters or "rxd", name }, form)
    if known or other ~= E_VERBNF then
      player:tell("There is another ", object, ":", first, ", which is found before this one: this is ", object, ":", place, ".")
      first = place
    end
    player:tell("Added ", object, ":", name, " (", table.concat(form, " "), "). Now: @program ", object, ":", first)
  end)
  if not ok then player:tell_error(why) end
end }

-- player:verb_form({"bell:ring", "this", "in", "front", "of", "any", "rxd"}, default): what a command
-- must look like, {"this", "in front of", "any"}, and the permissions behind it, or nil.
verb { "verb_form", function()
  local words = table.move(args[1], 2, #args[1], 1, {})
  if #words == 0 then return args[2] end
  local letters
  if #words > 3 and not ({ this = true, any = true, none = true })[words[#words]:lower()] then
    letters = table.remove(words)
  end
  if #words == 1 then return { words[1], "none", "this" }, letters end
  if #words < 3 then raise(E_INVARG, "A command's form is three words, such as this none none or any in this.") end
  return { words[1], table.concat(words, " ", 2, #words - 1), words[#words] }, letters
end }

verb { "@args", "any any any", function()
  -- @args OBJECT:VERB [DIRECT PREPOSITION INDIRECT]
  -- Shows or sets what a command must look like for a verb: @args bell:ring this with any
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local object, name = $verb_named(args[1])
    if #args > 1 then set_verb_args(object, name, (player:verb_form(args))) end
    player:tell(object, ":", name, " is ", $form(object, name))
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@rmverb", "any none none", function()
  -- @rmverb OBJECT:VERB
  -- Takes a verb away.
  set_task_perms(caller_perms(player))
  local ok, why = pcall(function()
    local object, name = $verb_named(argstr)
    delete_verb(object, name)
    player:tell("Took ", object, ":", name, " away.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@copy", "any any any", function()
  -- @copy OBJECT:VERB to OBJECT[:VERB]
  -- Copies a verb, code and all, to another object or another name; the copy is yours.
  set_task_perms(caller_perms(player))
  local what, to = $text:around(argstr, "to")
  if not what then return player:usage() end
  local ok, why = pcall(function()
    local from, name = $verb_named(what)
    from = $verb_home(from, name)
    local info, code = verb_info(from, name), verb_code(from, name)
    local object, names
    if to:find(":", 1, true) then
      object, names = $verb_named(to)
    else
      object, names = $named(to), info[3]
    end
    local first = names:match("^%S+"):gsub("%*", "")
    local known, other = pcall(verb_info, object, first)
    if known then raise(E_INVARG, object .. ":" .. other[3] .. " is there already: @rmverb takes it away.") end
    add_verb(object, { player, info[2], names }, verb_args(from, name))
    set_verb_code(object, first, code)
    player:tell("Copied ", from, ":", name, " to ", object, ":", first, ".")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@grep", "any any any", function()
  -- @grep TEXT [in OBJECT]
  -- The lines of code in which a text stands: of one object, or of all whose code you may read.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local text, where = argstr:match("^(.+)%s+in%s+(%S+)$")
    text = $text:unquote(text or argstr)
    local found = $search:code(text, where and { $named(where) })
    local lines = {}
    for i, hit in ipairs(found) do
      lines[i] = { { name = hit[1] .. ":" .. hit[2]:match("^%S+"):gsub("%*", "") }, { dim = " " .. hit[3] .. ": " },
        $text:shorten(hit[4]:match("^%s*(.*)$"), 200) }
    end
    lines[#lines + 1] = $text:count(#found, "line") .. (#found == 500 and " and perhaps more." or ".")
    player:tell_lines(lines)
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@dump", "any any any", function()
  -- @dump OBJECT [as NAME]
  -- An object as the commands that make it; with a name, for another one of that name.
  set_task_perms(caller_perms(player))
  local what, name = $text:around(argstr, "as")
  if argstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local object = $named(what or argstr)
    name = name and $text:unquote(name)
    local label = name or tostr(object)
    if name then player:tell("@create ", #parents(object) > 0 and parents(object)[1] or "$thing", " named ", name) end
    if name and name:find(" ") then label = "\"" .. name .. "\"" end
    for _, class in ipairs({ object, table.unpack(ancestors(object)) }) do
      for _, property in ipairs(properties(class)) do
        local readable, info = pcall(property_info, object, property)
        if readable and (class == object or not is_clear_property(object, property)) then
          player:tell("@prop ", label, ".", property, " ", toliteral(object[property]))
          if info[2] ~= "rc" then player:tell("@perms ", label, ".", property, " ", info[2]) end
        end
      end
    end
    for place, names in ipairs(verbs(object)) do
      local readable, info = pcall(verb_info, object, place)
      if readable then
        local first = names:match("^%S+"):gsub("%*", "")
        player:tell("@verb ", label, ":", names:find(" ") and "\"" .. names .. "\"" or names, " ",
          $form(object, place), " ", info[2])
        player:tell("@program ", label, ":", first)
        for _, line in ipairs($text:lines(verb_code(object, place))) do
          player:tell(line:sub(1, 1) == "." and "." or "", line)
        end
        player:tell(".")
      end
    end
  end)
  if not ok then player:tell_error(why) end
end }

-- --- tasks

-- player:show_tasks(states): a table of the waiting tasks; of those in one of the states, if given.
verb { "show_tasks", function()
  set_task_perms(caller_perms(player))
  local states, most = args[1], 200
  local count, rows = queued_tasks(nil, true), {}
  for _, row in ipairs(queued_tasks(nil, false, states and 10000 or most)) do
    local id, at, state, _, owner, definer, name, line = table.unpack(row)
    if #rows < most and (not states or states[state]) then
      local wakes = at
      if state == "reading" then
        wakes = "with a line"
      elseif at == math.maxinteger then
        wakes = "with resume()"
      elseif type(at) == "number" then
        local left = math.max(0, at - ftime())
        wakes = left < 60 and ("in %.1fs"):format(left) or "in " .. $duration(left)
      end
      rows[#rows + 1] = { id, $label(owner), state, wakes,
        (valid(definer) and definer .. ":" .. name or name) .. (line > 0 and ", line " .. line or "") }
    end
  end
  if #rows == 0 then return player:tell(states and "No fork is waiting." or "No task is waiting.") end
  local lines = $text:table({ "Task", "Owner", "State", "Wakes", "Where" }, rows)
  if not states and count > #rows then lines[#lines + 1] = #rows .. " of " .. $text:count(count, "task") .. "." end
  player:tell_lines(lines)
end }

verb { "@tasks", "any none none", function()
  -- @tasks [TASK]
  -- Your waiting tasks; or the calls that one of them is in.
  set_task_perms(caller_perms(player))
  if argstr == "" then return player:show_tasks() end
  local id = math.tointeger(tonumber(argstr))
  if not id then return player:usage() end
  local ok, stack = pcall(task_stack, id)
  if not ok then return player:tell_error(stack) end
  local rows = {}
  for i, call in ipairs(stack) do
    rows[i] = { valid(call[4]) and call[4] .. ":" .. call[2] or call[2], call[6], tostr(call[1]), $label(call[3]) }
  end
  player:tell_lines($text:table({ "Verb", "Line", "this", "Permissions of" }, rows))
end }

verb { "@forks", "none none none", function()
  -- @forks
  -- Your tasks that have not begun. Those that are planned, forks of a verb, outlive the server.
  set_task_perms(caller_perms(player))
  player:show_tasks({ planned = true, forked = true })
end }

verb { "@kill", "any none none", function()
  -- @kill TASK|all
  -- Ends a task, by the number that @tasks shows; or all of yours.
  set_task_perms(caller_perms(player))
  if argstr == "all" then
    local killed = 0
    for _, row in ipairs(queued_tasks()) do
      if row[5] == player and pcall(kill_task, row[1]) then killed = killed + 1 end
    end
    return player:tell("Killed ", $text:count(killed, "task"), ".")
  end
  local id = math.tointeger(tonumber(argstr))
  if not id then return player:usage() end
  local ok, why = pcall(kill_task, id)
  if not ok then return player:tell_error(why) end
  player:tell("Killed task ", id, ".")
end }

-- --- guests: programs for the simulated processor, see help guests

-- Those that the player has brought, by name: their bytes.
property { "guests", {}, perms = "c" }

-- player:guest(NAME): what sandbox.run() takes: one's own guest, or the name of one that came with
-- the server.
verb { "guest", function()
  set_task_perms(caller_perms(player))
  return player.guests[args[1]] or args[1]
end }

verb { "@guests", "none none none", function()
  -- @guests
  -- The programs that @run-guest knows: those of the server, and your own.
  set_task_perms(caller_perms(player))
  local rows = {}
  local function add(name, program, whose)
    local about = sandbox.info(program)
    rows[#rows + 1] = { name, whose, about.bytes, about.sha256:sub(1, 16) }
  end
  for _, name in ipairs(sandbox.list()) do add(name, name, "server") end
  for name, bytes in pairs(player.guests) do add(name, bytes, "you") end
  player:tell_lines($text:table({ "Guest", "Whose", "Bytes", "SHA-256" }, rows))
end }

verb { "@guest", "any none none", function()
  -- @guest NAME
  -- Takes a guest that you paste, as the lines that `base64 FILE` prints, up to `.`. See help guests.
  set_task_perms(caller_perms(player))
  if dobjstr == "" then return player:usage() end
  local ok, why = pcall(function()
    local name, most = $guests:name(dobjstr), $guests.most_bytes
    player:tell("Now paste ", name, " in base64. `.` alone ends, @abort gives up.")
    local lines, ending = player:read_text(most * 3 // 2)
    if ending == "abort" or ending == "gone" then return end
    local bytes = ending == "done" and $guests:decode(lines)
    if not bytes or #bytes > most then raise(E_QUOTA, "A guest may have " .. $text:count(most, "byte") .. ".") end
    local about = sandbox.info(bytes)
    player.guests[name] = bytes
    player:tell("You have the guest ", name, " of ", $text:count(about.bytes, "byte"), ", SHA-256 ",
      about.sha256:sub(1, 16), ". @run-guest ", name, " runs it.")
  end)
  if not ok then player:tell_error(why) end
end }

verb { "@rmguest", "any none none", function()
  -- @rmguest NAME
  -- Takes a guest of yours away.
  set_task_perms(caller_perms(player))
  if dobjstr == "" then return player:usage() end
  if not player.guests[dobjstr] then return player:tell("You have no guest ", dobjstr, ": @guests shows them.") end
  player.guests[dobjstr] = nil
  player:tell("Took ", dobjstr, " away.")
end }

verb { "@run-guest", "any any any", function()
  -- @run-guest NAME [on OBJECT]
  -- Runs a guest on the text of an object: its property text if it has one, else its description.
  set_task_perms(caller_perms(player))
  if dobjstr == "" or (prepstr ~= "" and iobjstr == "") then return player:usage() end
  local ok, why = pcall(function()
    local data = {}
    if iobjstr ~= "" then
      local object = $named(iobjstr)
      local found, text = pcall(function() return object.text end)
      if not found and text ~= E_PROPNF then raise(text) end
      if not found then text = object.description end
      data[1] = type(text) == "string" and text or table.concat(text, "\n") .. "\n"
    end
    local result = sandbox.run(player:guest(dobjstr), data)
    for line in result.output:gmatch("[^\n]+") do player:tell(line) end
    local how = result.status == "exited" and "ended with " .. result.exit_code
      or result.status .. (result.signal and " (" .. result.signal .. ")" or "")
    player:tell("[", dobjstr, " ", how, " after ", $text:count(result.usage.instructions, "instruction"), "]")
  end)
  if not ok then player:tell_error(why) end
end }
