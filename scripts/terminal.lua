-- $terminal: what a player's client shows: lines, styles and pages. All output to people goes through here.
object { name = "terminal", parents = { "root" }, flags = "readable" }

-- "auto" asks the client; a number of lines, or 0 for no pages. "auto", "on" or "off".
property { "page_length", "auto", perms = "rc" }
property { "colour_mode", "auto", perms = "rc" }
-- What @more has still to show. Nobody's but the wizards', for it may be anything.
property { "unread", {}, perms = "" }

-- What a style looks like: the numbers of the terminal's "select graphic rendition".
property { "styles", {
  title = "1", heading = "1;36", name = "36", error = "31", comment = "32", dim = "2", bold = "1",
  underline = "4", red = "31", green = "32", yellow = "33", blue = "34", magenta = "35", cyan = "36",
} }

-- player:tell(part, ...): one line. A part is a text, or {STYLE = text}, as in {title = this.name}.
-- Control characters never pass, whoever wrote them: only this verb sends any.
verb { "tell", function()
  local line, codes = {}, nil
  for i, part in ipairs(args) do
    local style, text
    if type(part) == "table" then style, text = next(part) end
    if type(style) ~= "string" then
      line[i] = plain_text(tostr(part))
    else
      if codes == nil then codes = this:has_colour() and $terminal.styles end
      local code = codes and codes[style]
      text = plain_text(tostr(text))
      line[i] = code and "\27[" .. code .. "m" .. text .. "\27[0m" or text
    end
  end
  notify(this, table.concat(line))
end }

-- player:tell_error(err): an error that was caught, as its player should read it.
verb { "tell_error", function()
  local err = args[1]
  this:tell({ error = $text:sentence(type(err) == "error" and err.message or tostr(err)) })
end }

-- player:tell_text(text): a text, or list of lines, with each line broken to the client's width.
verb { "tell_text", function()
  local lines = {}
  for _, line in ipairs(type(args[1]) == "table" and args[1] or explode(tostr(args[1]), "\n")) do
    for _, piece in ipairs($text:wrap(tostr(line), this:columns())) do lines[#lines + 1] = piece end
  end
  this:tell_lines(lines)
end }

-- player:tell_lines(lines): many lines, a page at a time if the player asked for them. A line is a
-- text or a list of parts as tell() takes.
verb { "tell_lines", function()
  local lines = args[1]
  local rows = this == player and this:page_rows() or 0
  if rows > 0 and #lines > rows then
    this.unread = this:as_much_as_is_kept(lines)
    return this:show_page(rows)
  end
  for _, line in ipairs(lines) do
    if type(line) == "table" then this:tell(table.unpack(line)) else this:tell(line) end
  end
end }

-- The first lines, of 256 KiB together: whoever's code prints them, they are kept with the player.
verb { "as_much_as_is_kept", function()
  local lines, kept, bytes = args[1], {}, 0
  for i, line in ipairs(lines) do
    bytes = bytes + (type(line) == "table" and #toliteral(line) or #tostr(line))
    if bytes > 256 * 1024 then
      kept[i] = "(and " .. $text:count(#lines - i + 1, "line") .. " that are too long to keep)"
      break
    end
    kept[i] = line
  end
  return kept
end }

-- The next page of what is unread: as many lines as fill `rows` rows of the screen.
verb { "show_page", function()
  if not caller_perms().wizard then raise(E_PERM, "Only the terminal's own verbs turn its pages.") end
  local rows, width, lines = args[1], this:columns(), this.unread
  local shown, used = 0, 0
  while shown < #lines do
    local line = lines[shown + 1]
    local length = 0
    for _, part in ipairs(type(line) == "table" and line or { line }) do
      local text = part
      if type(part) == "table" then _, text = next(part) end
      length = length + $text:width(tostr(text))
    end
    used = used + math.max(1, (length + width - 1) // width)
    if used > rows - 1 and shown > 0 then break end
    if type(line) == "table" then this:tell(table.unpack(line)) else this:tell(line) end
    shown = shown + 1
  end
  this.unread = table.move(lines, shown + 1, #lines, 1, {})
  local left = #this.unread
  if left > 0 then
    this:tell({ dim = "-- " .. left .. (left == 1 and " line" or " lines") .. " more: @more, @more all, @more stop --" })
  end
end }

-- The width to which text is broken: the client's, or 79 if it tells none.
verb { "columns", function()
  local there, info = pcall(connection_info, this)
  return there and info.columns >= 20 and info.columns or 79
end }

-- How many rows a page has, 0 for no pages. A client that tells no height gets none.
verb { "page_rows", function()
  local length = this.page_length
  if length == "auto" then
    local there, info = pcall(connection_info, this)
    length = there and info.rows
  end
  return math.type(length) == "integer" and length >= 3 and length or 0
end }

verb { "has_colour", function()
  if this.colour_mode == "on" or this.colour_mode == "off" then return this.colour_mode == "on" end
  local there, info = pcall(connection_info, this)
  return there and info.colour ~= "none" and not info.screen_reader
end }

verb { "@more more", "any none none", function()
  -- @more [all|stop]
  -- Shows the next page of what was too long for one; or all the rest; or forgets it.
  if caller_perms(player) ~= player then raise(E_PERM) end
  if #player.unread == 0 then return player:tell("There is nothing more.") end
  if argstr == "stop" then
    player.unread = {}
  elseif argstr == "all" then
    for _, line in ipairs(player.unread) do
      if type(line) == "table" then player:tell(table.unpack(line)) else player:tell(line) end
    end
    player.unread = {}
  elseif argstr == "" then
    local rows = player:page_rows()
    player:show_page(rows > 0 and rows or 24)
  else
    player:usage()
  end
end }

verb { "@pagelength", "any any any", function()
  -- @pagelength [LINES|auto|off]
  -- How many lines a page has: auto takes your window's height, off shows everything at once.
  set_task_perms(caller_perms(player))
  local lines = math.tointeger(tonumber(argstr))
  if argstr == "auto" then
    player.page_length = "auto"
  elseif argstr == "off" or lines == 0 then
    player.page_length = 0
  elseif lines and lines >= 3 then
    player.page_length = lines
  elseif argstr ~= "" then
    return player:usage()
  end
  local rows = player:page_rows()
  player:tell("Pages: ", rows > 0 and rows .. " lines" or "off",
    player.page_length == "auto" and " (auto)." or ".")
end }

verb { "@colour @color", "any any any", function()
  -- @colour [on|off|auto]
  -- Whether you see colours: auto leaves it to what your client says it can show.
  set_task_perms(caller_perms(player))
  if argstr == "on" or argstr == "off" or argstr == "auto" then
    player.colour_mode = argstr
  elseif argstr ~= "" then
    return player:usage()
  end
  player:tell("Colour is ", player:has_colour() and { green = "on" } or "off",
    player.colour_mode == "auto" and " (auto)." or ".")
end }

-- player:usage(): how the command is typed whose verb calls this, from its first comment.
verb { "usage", function()
  set_task_perms(caller_perms(player))
  local command = callers()[1]
  local doc = $help:doc(command[4], command[2])
  this:tell("Usage: ", { bold = doc[1] or command[2] })
  if doc[2] then this:tell("  ", doc[2]) end
end }
