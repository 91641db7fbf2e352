-- $help: what `help` tells. A command's help is the comment its verb begins with: first how it is
-- typed, then what it does. A property of this object is a topic. Builtins describe themselves.
object { name = "help", parents = { "root" }, flags = "readable" }

property { "eval", {
  ";EXPRESSION         prints its value:         ;1 + 1",
  ";STATEMENTS         runs Lua; `return` prints: ;local x = 2 return x * x",
  ";                   alone: type or paste lines, `.` on a line of its own ends them",
  "Objects are written #4 or $room; me and here stand for yourself and where you are.",
} }

property { "verbs", {
  "@verb OBJECT:NAME [ARGS]    adds a verb; ARGS are three words such as: this none this",
  "@program OBJECT:NAME        then paste Lua lines, `.` ends, @abort gives up",
  "@list OBJECT:NAME           shows a verb's code; @edit OBJECT:NAME changes it",
  "ARGS say what a command must look like: the direct object, a preposition, the indirect object.",
  "  this: the object itself   any: anything   none: nothing;   this none this: for calls only.",
  "In a verb: this player caller verb args argstr dobj dobjstr prepstr iobj iobjstr.",
  "obj.name is a property, obj:name(...) calls a verb; `help BUILTIN` explains a builtin.",
  "The comment that a command's verb begins with is its help: how it is typed, then what it does.",
} }

property { "objects", {
  "An object is named by what you see (lantern, \"brass bell\"), by me or here, by its number (#4),",
  "or as $NAME if the system object has a property of that name ($room, $thing).",
  "It inherits properties and verbs from its parents; @show tells what it has.",
  "OBJECT.NAME is a property of it, OBJECT:NAME a verb.",
} }

property { "permissions", {
  "An object:   r  its properties and verbs can be listed by all   w  all may add to it",
  "             f  all may make children of it",
  "A property:  r  all may read it   w  all may write it   c  its owner on a child is the child's",
  "A verb:      r  all may read its code   w  all may change it   x  it can be called",
  "             d  it raises errors, as all verbs do here",
  "@perms shows and changes them. A verb runs with the permissions of its owner, not of whoever calls",
  "it: begin a command with set_task_perms(caller_perms(player)) to act for its player alone.",
} }

property { "building", {
  "@dig \"NAME\"                      a room of its own",
  "@dig north|south to \"NAME\"        a room, the exit north to it, and south back",
  "@dig north to #12                 only an exit, to a room that there is",
  "@describe here as TEXT            what people see; @describe north as TEXT, too",
  "@exits                            the exits of the room; @recycle takes one away",
  "An exit's leave_text and arrive_text are what others see; its verb `allows` may say no.",
} }

property { "editor", {
  "@edit OBJECT:VERB or OBJECT.PROPERTY begins, or goes on where you left off.",
  "Lines are named by number, 3-7 is a range, $ the last, . the one you are at, all is everything.",
  "  list [RANGE]              shows lines            find TEXT      goes to the next one with it",
  "  \"TEXT                     adds a line here       insert [LINE]  adds lines before it, until `.`",
  "  append                    adds lines at the end, until `.`",
  "  delete RANGE              takes lines away       replace RANGE  puts others there, until `.`",
  "  substitute /OLD/NEW/ [RANGE]                     changes a text wherever it is",
  "  move RANGE to LINE, copy RANGE to LINE           puts lines before another",
  "  undo                      takes the last change back",
  "  save (or compile)         writes it; done saves and leaves",
  "  quit                      leaves and keeps the changes; abort leaves and forgets them",
  "  ;CODE                     runs Lua, as outside",
  "Words can be shortened. What you edit is kept when you are disconnected: @edit goes on.",
} }

property { "tasks", {
  "fork(5, function() ... end)   runs it in five seconds, if the server is still there",
  "fork(5, obj, \"verb\", ...)    calls the verb in five seconds, after a restart too",
  "suspend(5), yin()             let others run, in a loop that may be long",
  "@tasks, @forks, @kill TASK    show and end what waits",
  "When the server ends, what waits has E_INTRPT raised in it, and a moment to clean up.",
  "A wizard's properties fg_ticks, fg_seconds, bg_ticks, bg_seconds and queued_task_limit on a player,",
  "not writable, change what that player may use.",
  "#0:handle_uncaught_error(code, message, value, traceback, lines) and",
  "#0:handle_task_timeout(resource, traceback, lines) are told of failures; true hides them.",
} }

property { "programs", {
  "Wizards' code runs the programs of executables/ (executables() lists them):",
  "exec({\"NAME\", \"ARGUMENT\"})        waits for it: {code, stdout, stderr}",
  "p = process.spawn{argv = {...}}    starts it and goes on; p, or p.handle_id, names it from then on:",
  "  process.poll(p), process.wait(p)   how it is, with its output so far; how it ended",
  "  process.read(p)                    takes {stdout, stderr} as it comes; nil at the end",
  "  process.write(p, TEXT)             for one spawned with stdin = \"pipe\"; process.close_stdin(p)",
  "  process.kill(p), process.release(p), process.list()",
  "Any programmer's code runs guests: sandbox.run(NAME, DATA); sandbox.list() lists them.",
  "@jobs shows all that runs, @jobs kill JOB ends one. Handles end with the server.",
} }

property { "hooks", {
  "Verbs of #0 that the server calls, if they are there, with caller_perms() == #-1; for connections",
  "that listen() took or open_network_connection() made, verbs of its object.",
  "do_login_command         a line before login, `player` being the connection: a player logs in, nil",
  "                         leaves the line to `connect`, anything else ends it; \"\" is the greeting",
  "do_command               a line before it is taken apart: true means that it is dealt with",
  "do_blank_command         an empty line",
  "do_out_of_band_command   a line that begins with #$#",
  "user_connected user_reconnected user_created user_disconnected user_client_disconnected",
  "                         the last two for who never logged in too: args[1] is a negative object",
  "One that fails is passed over. `do_login_command = false` in [sessions] is the way in past a bad one.",
} }

property { "guests", {
  "A guest is a program for a simulated processor, written in C and compiled elsewhere: how is in",
  "executables/guests/README.md. It can reach nothing but the texts that it is given, and leaves an",
  "output; so every programmer may bring one and run it.",
  "@guests                     what there is",
  "@run-guest NAME on OBJECT   runs one on a note's text, or else on the object's description",
  "@guest NAME                 then paste what `base64 FILE` prints, `.` ends; @rmguest NAME",
  "In code: sandbox.run(player:guest(\"wordcount\"), {\"a text\"}).output, see help sandbox.run",
} }

property { "frames", {
  "A frame is a path to something that can be executed, whatever it is: wizards run it with frame.exec.",
  "  dlib/compute.so/sum      a function of a shared library beneath the modules",
  "  exec/echo                a program beneath the executables",
  "  moxie/wordcount          a guest",
  "  frame.exec(\"dlib/compute.so/sum\", {\"1\", \"2.5\"}).stdout        see help frame.exec",
  "  frame.map(\"dlib/records.so/csv\", PATH)      gives a function another frame to work on",
  "  frame.bind{aframe_id = \"tools/sum\", ...}    names of your own; they are kept with the world",
  "  frame.list(PATH), frame.info(PATH)           what is there, who has it open",
  "@frames [PATH] draws the tree. A function runs in a process of its own: if it crashes, only the call ends.",
  "How to write one: executables/modules/README.md.",
} }

property { "screen", {
  "@pagelength LINES|auto|off   long output comes in pages; @more shows the next one",
  "@colour on|off|auto          auto: as your client says it can",
  "In code: player:tell(\"a \", {title = \"styled\"}, \" line\"); player:tell_lines(lines) for many.",
  "The styles are in $terminal.styles.",
} }

-- $help:doc(object, verb): the lines of comment that a verb begins with.
verb { "doc", function()
  set_task_perms(caller_perms(player))
  local lines = {}
  for line in (verb_code(args[1], args[2]) .. "\n"):gmatch("(.-)\n") do
    local text = line:match("^%s*%-%-%s?(.*)$")
    if not text then break end
    lines[#lines + 1] = text
  end
  return lines
end }

-- $help:command_doc(class, place): the doc of a class's verb if that is a command; else nil.
verb { "command_doc", function()
  set_task_perms(caller_perms(player))
  local readable, form = pcall(function() return $form(args[1], args[2]) end)
  if not readable or form == "this none this" then return nil end
  local doc = this:doc(args[1], args[2])
  return #doc > 0 and doc or nil
end }

-- $help:commands(class): the commands that it defines, {names, doc} each.
verb { "commands", function()
  set_task_perms(caller_perms(player))
  local listed, names = pcall(verbs, args[1])
  local commands = {}
  for place, spelled in ipairs(listed and names or {}) do
    local doc = this:command_doc(args[1], place)
    if doc then commands[#commands + 1] = { spelled, doc } end
  end
  return commands
end }

-- $help:fits("l*ook examine", "loo"): whether a verb of those names is called by that one.
verb { "fits", function()
  local word = args[2]:lower()
  for _, name in ipairs(explode(args[1]:lower())) do
    local star = name:find("*", 1, true)
    local whole = name:gsub("%*", "")
    if whole == word then return true end
    if star and #word >= star - 1 and (star == #name or #word <= #whole) and
      word:sub(1, #whole) == whole:sub(1, #word) then
      return true
    end
  end
  return false
end }

-- $help:command(word): the doc of the player's command of that name, with or without its "@"; or nil.
-- This and near() are for slips, and slips are frequent: docs are read of what fits alone.
verb { "command", function()
  set_task_perms(caller_perms(player))
  for _, spelling in ipairs({ args[1], "@" .. args[1] }) do
    for _, class in ipairs(ancestors(player, true)) do
      local listed, names = pcall(verbs, class)
      for place, spelled in ipairs(listed and names or {}) do
        local doc = this:fits(spelled, spelling) and this:command_doc(class, place)
        if doc then return doc end
      end
    end
  end
end }

-- $help:near(word): the names of commands that look like it, nearest first, at most three.
verb { "near", function()
  set_task_perms(caller_perms(player))
  local word = args[1]:lower():gsub("^@", "")
  if #word < 2 or #word > 20 then return {} end
  local most = (#word + 1) // 3
  -- How many letters must be changed, added, taken or swapped to make one word the other.
  local function distance(a, b)
    local rows = { [0] = {} }
    for j = 0, #b do rows[0][j] = j end
    for i = 1, #a do
      local row, above = { [0] = i }, rows[i - 1]
      for j = 1, #b do
        local change = above[j - 1] + (a:byte(i) == b:byte(j) and 0 or 1)
        row[j] = math.min(change, above[j] + 1, row[j - 1] + 1)
        if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
          row[j] = math.min(row[j], rows[i - 2][j - 2] + 1)
        end
      end
      rows[i] = row
    end
    return rows[#a][#b]
  end
  local found = {}
  for _, class in ipairs(ancestors(player, true)) do
    local listed, names = pcall(verbs, class)
    for place, spelled in ipairs(listed and names or {}) do
      local best
      for name in spelled:gmatch("%S+") do
        name = name:gsub("%*", "")
        local plain = name:lower():gsub("^@", "")
        local far = math.abs(#plain - #word) <= most and distance(word, plain) or math.huge
        if far <= most and (not best or far < best[1]) then best = { far, name, class, place } end
      end
      found[#found + 1] = best
    end
  end
  table.sort(found, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
  local near = {}
  for _, hit in ipairs(found) do
    if #near < 3 and this:command_doc(hit[3], hit[4]) then near[#near + 1] = hit[2] end
  end
  return near
end }

-- $help:index(): the lines of `help` alone.
verb { "index", function()
  set_task_perms(caller_perms(player))
  local width = player:columns() - 2
  local lines = { "help COMMAND, help TOPIC or help BUILTIN explains one; help builtins lists those." }
  local function section(title, words)
    table.sort(words)
    lines[#lines + 1] = ""
    lines[#lines + 1] = { { heading = title } }
    for _, line in ipairs($text:columns(words, width)) do lines[#lines + 1] = "  " .. line end
  end
  for _, class in ipairs(ancestors(player)) do
    local words = {}
    for _, command in ipairs(this:commands(class)) do
      words[#words + 1] = command[2][1]:match("^%S+"):gsub(",$", "")
    end
    if #words > 0 then section("Commands: help " .. class.name .. " tells more", words) end
  end
  section("Topics", properties(this))
  return lines
end }

-- $help:class(name): the lines of `help programmer`; nil if no class of the player's is called that.
verb { "class", function()
  set_task_perms(caller_perms(player))
  for _, class in ipairs(ancestors(player)) do
    if class.name:lower() == args[1]:lower() then
      local lines = {}
      for _, command in ipairs(this:commands(class)) do
        lines[#lines + 1] = { { bold = command[2][1] } }
        if command[2][2] then lines[#lines + 1] = "    " .. command[2][2] end
      end
      return #lines > 0 and lines or nil
    end
  end
end }

-- $help:builtin(name): the lines of `help exec`; nil if there is none.
verb { "builtin", function()
  local known, info = pcall(function_info, (args[1]:gsub("%(%)$", "")))
  if not known then return nil end
  local lines = { { { bold = info.signature }, "  ->  ", info.returns } }
  if info.access ~= "everyone" then lines[2] = "  For " .. info.access .. " only." end
  for _, parameter in ipairs(info.parameters) do
    local types = #parameter.types >= 8 and "anything" or table.concat(parameter.types, " or ")
    lines[#lines + 1] = ("  %s: %s%s"):format(parameter.name, types, parameter.optional and ", may be left out" or "")
  end
  for _, line in ipairs($text:wrap(info.help, player:columns() - 2)) do
    lines[#lines + 1] = "  " .. line
  end
  return lines
end }

-- $help:on(topic): the lines of `help TOPIC`, nil if there are none.
verb { "on", function()
  set_task_perms(caller_perms(player))
  local topic = args[1]
  if topic == "" then return this:index() end
  if topic:lower() == "builtins" then
    local names = {}
    for _, info in ipairs(function_info()) do names[#names + 1] = info.name end
    table.sort(names)
    return $text:columns(names, player:columns())
  end
  for _, name in ipairs(properties(this)) do
    if name == topic:lower() then
      local lines = {}
      for i, line in ipairs(this[name]) do lines[i] = line end
      return lines
    end
  end
  local doc = this:command(topic)
  if doc then
    local lines = { { { bold = doc[1] } } }
    for i = 2, #doc do lines[i] = "  " .. doc[i] end
    return lines
  end
  return this:class(topic) or this:builtin(topic)
end }
