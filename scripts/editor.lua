-- $editor: a line editor for verbs and properties. What somebody edits is in the property `edits` of
-- the player, so that it is there after a lost connection or a restart; all is done with the player's
-- permissions. A session is a map: reference, lines, at (the line one is at), opened (the text as it
-- was), before (the lines before the last change).
--
-- A command of the editor is a verb do_NAME that is called with the session and what was typed behind
-- it, and returns the session to go on with, or nothing.
object { name = "editor", parents = { "root" }, flags = "readable" }

-- $editor:edit("lamp:light"): edits until the player leaves; "" goes on with what was left.
verb { "edit", function()
  set_task_perms(caller_perms(player))
  local text = args[1]
  if text == "" then
    local open = {}
    for reference in pairs(player.edits) do open[#open + 1] = reference end
    table.sort(open)
    if #open == 0 then raise(E_INVARG, "You are editing nothing: @edit OBJECT:VERB or OBJECT.PROPERTY begins.") end
    if #open > 1 then return player:tell("You are editing ", $text:list(open), ". Say which: @edit ", open[1]) end
    text = open[1]
  end
  local reference = this:reference(text)
  local session = player.edits[reference]
  if session then
    player:tell("Going on with ", { title = reference }, ", ", $text:count(#session.lines, "line"), " (abort begins anew).")
  else
    session = this:open(reference)
    player:tell("Editing ", { title = reference }, ", ", $text:count(#session.lines, "line"), ".")
  end
  player:tell("list, insert, \"TEXT, delete, replace, substitute, find, undo, save, done, quit, abort; help tells more.")
  this:run(reference, session)
end }

-- What is named, the same however it was typed: "#9:light", "#9.oil".
verb { "reference", function()
  set_task_perms(caller_perms(player))
  if args[1]:find(":", 1, true) then
    local object, name = $verb_named(args[1])
    return $verb_home(object, name) .. ":" .. name
  end
  local object, name = $property_named(args[1])
  property_info(object, name)
  return object .. "." .. name
end }

-- The text of what a reference names: code, a string, a list of strings line by line, or the literal
-- of any other value.
verb { "text_of", function()
  set_task_perms(caller_perms(player))
  local object, kind, name = args[1]:match("^(#%-?%d+)([:.])(.*)$")
  object = toobj(object)
  if kind == ":" then return verb_code(object, name), "code" end
  local value = object[name]
  if type(value) == "string" then return value, "text" end
  local texts = type(value) == "table" and #value > 0
  for key, item in pairs(texts and value or {}) do
    texts = texts and math.type(key) == "integer" and type(item) == "string" and not item:find("\n")
  end
  if texts then return table.concat(value, "\n"), "lines" end
  return toliteral(value), "value"
end }

verb { "open", function()
  set_task_perms(caller_perms(player))
  local text, kind = this:text_of(args[1])
  local lines = text == "" and {} or $text:lines(text)
  return { lines = lines, at = math.min(1, #lines), opened = text, kind = kind }
end }

-- $editor:keep(reference, lines): what was typed but not accepted becomes a session to go on with.
verb { "keep", function()
  set_task_perms(caller_perms(player))
  local session = this:open(args[1])
  session.lines, session.at = args[2], math.min(1, #args[2])
  player.edits[args[1]] = session
end }

-- Reads commands until one leaves, or the connection is gone. Every change is kept at once.
verb { "run", function()
  set_task_perms(caller_perms(player))
  local reference, session = args[1], args[2]
  while session do
    local there, line = pcall(read, player)
    if not there then return end
    local ok, changed = pcall(function() return this:obey(reference, session, line) end)
    if not ok then
      player:tell_error(changed)
    elseif changed == "left" then
      return
    elseif changed then
      if toliteral(changed.lines) ~= toliteral(session.lines) then
        changed.before = session.lines
        player.edits[reference] = changed
      end
      session = changed
    end
  end
end }

-- One line typed in the editor: the session as it is now, "left", or nothing.
verb { "obey", function()
  set_task_perms(caller_perms(player))
  local reference, session, line = table.unpack(args)
  local mark = line:sub(1, 1)
  if not line:find("%S") then return end
  if mark == ";" then
    local result = table.pack(eval(line:sub(2)))
    local shown = {}
    for i = 2, math.max(result.n, 2) do shown[#shown + 1] = toliteral(result[i]) end
    return player:tell(result[1] and "=> " or "", result[1] and table.concat(shown, ", ") or { error = result[2] })
  end
  if mark == "\"" then return this:put(session, session.at + 1, { line:sub(2) }) end
  if line:find("^%s*[%d$.]+%s*$") then return this:go_to(session, line) end
  local word, rest = line:match("^%s*(%a+)%s*(.-)%s*$")
  -- Substitute's first character may stand right behind it: s/old/new/.
  local names = { "append", "insert", "list", "delete", "replace", "substitute", "find", "move", "copy", "undo",
    "save", "compile", "done", "quit", "abort", "help" }
  for _, name in ipairs(word and names or {}) do
    if name:sub(1, #word) == word:lower() then
      return this["do_" .. name](this, session, rest, reference)
    end
  end
  player:tell("The editor does not know \"", line, "\". help shows its commands; to add a line type \"", line)
end }

-- --- lines and ranges

-- $editor:show_line(7, "code" [, current]): parts for tell_lines().
verb { "show_line", function()
  local number, text = ("%4d%s "):format(args[1], args[3] and ">" or " "), args[2]
  if text:find("^%s*%-%-") then return { { dim = number }, { comment = text } } end
  return { { dim = number }, text }
end }

-- $editor:line_number(session, "$"): what a word for a line means; nil if it is none.
verb { "line_number", function()
  set_task_perms(caller_perms(player))
  local session, word = args[1], args[2]
  if word == "$" then return #session.lines end
  if word == "." then return session.at end
  return math.tointeger(tonumber(word))
end }

-- $editor:range(session, "3-7", whole): first and last line; the one we are at if nothing is typed,
-- or all with "whole". E_RANGE, E_INVARG.
verb { "range", function()
  set_task_perms(caller_perms(player))
  local session, text, whole = args[1], args[2], args[3]
  local count = #session.lines
  if count == 0 then raise(E_RANGE, "There are no lines yet: insert or \"TEXT adds some.") end
  if text == "all" or text == "" and whole then return 1, count end
  local first, last = text:match("^([%d$.]+)%s*%-%s*([%d$.]+)$")
  if text == "" then first, last = ".", "." end
  first = this:line_number(session, first or text)
  last = last and this:line_number(session, last) or first
  if not first or not last then
    raise(E_INVARG, "\"" .. text .. "\" names no lines: type 3, 3-7, . (here), $ (the last) or all.")
  end
  if first < 1 or last > count or first > last then
    raise(E_RANGE, "There are lines 1 to " .. count .. ".")
  end
  return first, last
end }

-- The session with `lines` put before line `place`; the last of them is the one we are at.
verb { "put", function()
  set_task_perms(caller_perms(player))
  local session, place, added = args[1], args[2], args[3]
  local lines = {}
  for i = 1, place - 1 do lines[i] = session.lines[i] end
  for _, line in ipairs(added) do lines[#lines + 1] = line end
  for i = place, #session.lines do lines[#lines + 1] = session.lines[i] end
  session.lines, session.at = lines, place - 1 + #added
  return session
end }

-- The session without the lines from `first` to `last`.
verb { "without", function()
  set_task_perms(caller_perms(player))
  local session, first, last = args[1], args[2], args[3]
  local lines = {}
  for i, line in ipairs(session.lines) do
    if i < first or i > last then lines[#lines + 1] = line end
  end
  session.lines, session.at = lines, math.min(first, #lines)
  return session
end }

verb { "go_to", function()
  set_task_perms(caller_perms(player))
  local session, line = args[1], args[2]:match("%S+")
  session.at = this:range(session, line)
  player:tell_lines({ this:show_line(session.at, session.lines[session.at], true) })
  return session
end }

-- What was pasted up to `.`, put before a line. Nothing of it is lost with the connection.
verb { "read_lines", function()
  set_task_perms(caller_perms(player))
  local session, place, reference = args[1], args[2], args[3]
  player:tell("Lines; `.` alone ends, @abort gives up.")
  local lines, ending = player:read_text()
  if ending == "abort" then return nil end
  session = this:put(session, place, lines)
  if ending == "gone" then player.edits[reference] = session end
  player:tell($text:count(#lines, "line"), " in.")
  return session
end }

-- --- the commands

verb { "do_list", function()
  set_task_perms(caller_perms(player))
  local session = args[1]
  local first, last = this:range(session, args[2], true)
  local lines = {}
  for i = first, last do lines[#lines + 1] = this:show_line(i, session.lines[i], i == session.at) end
  player:tell_lines(lines)
end }

verb { "do_insert", function()
  set_task_perms(caller_perms(player))
  local session, place = args[1], args[1].at + 1
  if args[2] ~= "" then
    place = this:line_number(session, args[2]) or 0
    if place < 1 or place > #session.lines + 1 then
      raise(E_RANGE, "insert LINE puts lines before a line from 1 to " .. #session.lines + 1 .. ".")
    end
  end
  return this:read_lines(session, place, args[3])
end }

verb { "do_append", function()
  set_task_perms(caller_perms(player))
  return this:read_lines(args[1], #args[1].lines + 1, args[3])
end }

verb { "do_delete", function()
  set_task_perms(caller_perms(player))
  local first, last = this:range(args[1], args[2])
  player:tell($text:count(last - first + 1, "line"), " out.")
  return this:without(args[1], first, last)
end }

verb { "do_replace", function()
  set_task_perms(caller_perms(player))
  local first, last = this:range(args[1], args[2])
  return this:read_lines(this:without(args[1], first, last), first, args[3])
end }

-- /old/new/ range, with any character for the slash; all places where the text stands.
verb { "do_substitute", function()
  set_task_perms(caller_perms(player))
  local session, text = args[1], args[2]
  local mark = text:sub(1, 1)
  local from = mark ~= "" and text:find(mark, 2, true)
  if not from or mark:find("[%w%s]") or from == 2 then
    raise(E_INVARG, "It is typed substitute /OLD/NEW/, and lines behind it if they are others.")
  end
  local to = text:find(mark, from + 1, true) or #text + 1
  local old, new = text:sub(2, from - 1), text:sub(from + 1, to - 1)
  local first, last = this:range(session, text:sub(to + 1):match("^%s*(.-)%s*$"))
  local count, shown, lines = 0, {}, {}
  for i, line in ipairs(session.lines) do
    if i >= first and i <= last and line:find(old, 1, true) then
      local pattern = old:gsub("%p", "%%%0")
      local places
      line, places = line:gsub(pattern, (new:gsub("%%", "%%%%")))
      count = count + places
      session.at = i
      shown[#shown + 1] = this:show_line(i, line)
    end
    lines[i] = line
  end
  if count == 0 then raise(E_INVARG, "\"" .. old .. "\" is not in " .. (first == last and "line " .. first or "those lines") .. ".") end
  session.lines = lines
  player:tell_lines(shown)
  return session
end }

-- From the next line on, round to this one.
verb { "do_find", function()
  set_task_perms(caller_perms(player))
  local session, count = args[1], #args[1].lines
  local text = args[2] ~= "" and $text:unquote(args[2]) or session.sought
  if not text then raise(E_INVARG, "It is typed find TEXT; find alone goes on to the next place.") end
  session.sought = text
  for step = 1, count do
    local i = (session.at - 1 + step) % count + 1
    if session.lines[i]:lower():find(text:lower(), 1, true) then
      session.at = i
      player:tell_lines({ this:show_line(i, session.lines[i], true) })
      return session
    end
  end
  player:tell("\"", text, "\" is nowhere in it.")
  return session
end }

verb { "do_move do_copy", function()
  set_task_perms(caller_perms(player))
  local session = args[1]
  local what, to = args[2]:match("^(.-)%s*to%s+(%S+)$")
  local place = what and this:line_number(session, to)
  if not place then raise(E_INVARG, "It is typed " .. verb:sub(4) .. " RANGE to LINE; they come before that line.") end
  local first, last = this:range(session, what)
  if place < 1 or place > #session.lines + 1 then raise(E_RANGE, "There are lines 1 to " .. #session.lines .. ".") end
  local moved = table.move(session.lines, first, last, 1, {})
  if verb == "do_move" then
    if place >= first and place <= last + 1 then raise(E_RANGE, "They are there already.") end
    session = this:without(session, first, last)
    if place > last then place = place - #moved end
  end
  player:tell($text:count(#moved, "line"), verb == "do_move" and " moved." or " copied.")
  return this:put(session, place, moved)
end }

verb { "do_undo", function()
  set_task_perms(caller_perms(player))
  local session = args[1]
  if not session.before then raise(E_INVARG, "There is nothing to take back.") end
  session.lines, session.at = session.before, math.min(session.at, #session.before)
  player:tell("Taken back: ", $text:count(#session.lines, "line"), ".")
  return session
end }

-- Writes it, and asks for "anyway" if somebody else has changed it meanwhile.
verb { "do_save do_compile", function()
  set_task_perms(caller_perms(player))
  local session, reference = args[1], args[3]
  if args[2] ~= "anyway" and this:text_of(reference) ~= session.opened then
    player:tell("Somebody has changed ", reference, " since you began. save anyway overwrites that.")
    return nil
  end
  local object, kind, name = reference:match("^(#%-?%d+)([:.])(.*)$")
  object = toobj(object)
  local text = table.concat(session.lines, "\n")
  if kind == ":" then
    local ok, why = pcall(set_verb_code, object, name, session.lines)
    if not ok then
      player:tell("Not saved: ", { error = why.message })
      this:tell_place(session.lines, why.message)
      return nil
    end
  elseif session.kind == "text" then
    object[name] = text
  elseif session.kind == "lines" then
    object[name] = session.lines
  else
    local right, value = eval(text)
    if not right then raise(E_INVARG, "Not saved: " .. value) end
    object[name] = value
  end
  session.opened = this:text_of(reference)
  player.edits[reference] = nil
  player:tell("Saved ", reference, ", ", $text:count(#session.lines, "line"), ".")
  return session
end }

verb { "do_done", function()
  set_task_perms(caller_perms(player))
  if this:do_save(args[1], args[2], args[3]) then return "left" end
end }

verb { "do_quit", function()
  set_task_perms(caller_perms(player))
  local kept = player.edits[args[3]]
  player:tell(kept and "Your changes are kept, not saved: @edit " .. args[3] .. " goes on." or "Left the editor.")
  return "left"
end }

verb { "do_abort", function()
  set_task_perms(caller_perms(player))
  player.edits[args[3]] = nil
  player:tell("Left the editor; ", args[3], " is as it was last saved.")
  return "left"
end }

verb { "do_help", function()
  set_task_perms(caller_perms(player))
  player:tell_lines($help:on("editor"))
end }

-- $editor:tell_place(lines, "line 3, column 7: ..."): the line a compiler complains about, and a mark.
verb { "tell_place", function()
  set_task_perms(caller_perms(player))
  local line, column = args[2]:match("^line (%d+), column (%d+)")
  local text = line and args[1][tonumber(line)]
  if not text then return end
  player:tell_lines({ this:show_line(tonumber(line), text) })
  local before = text:sub(1, tonumber(column) - 1):gsub("[^\t]", " ")
  player:tell("      ", before, { error = "^" })
end }
