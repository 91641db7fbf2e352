-- $text: laying out what people read. Its verbs only compute: they touch no object.
object { name = "text", parents = { "root" }, flags = "readable" }

-- $text:width("né"): characters, or bytes where it is not UTF-8.
verb { "width", function()
  return utf8.len(args[1]) or #args[1]
end }

-- $text:wrap(text, width [, indent]): lines of at most so many characters, broken between words;
-- the second and further ones are indented.
verb { "wrap", function()
  local text, most, indent = args[1], args[2], args[3] or ""
  if #text <= most then return { text } end
  local lines, line = {}, nil
  local width = 0
  for space, word in text:gmatch("(%s*)(%S+)") do
    local length = utf8.len(word) or #word
    if line and width + #space + length > most then
      lines[#lines + 1] = line
      line, width, space = indent, #indent, ""
    end
    line = (line or "") .. space .. word
    width = width + #space + length
  end
  lines[#lines + 1] = line or text
  return lines
end }

-- $text:list({"a", "b", "c"}): "a, b and c".
verb { "list", function()
  local items = args[1]
  if #items < 2 then return items[1] or "nothing" end
  return table.concat(items, ", ", 1, #items - 1) .. " and " .. items[#items]
end }

-- $text:count(2, "line"): "2 lines".
verb { "count", function()
  return ("%d %s%s"):format(args[1], args[2], args[1] == 1 and "" or "s")
end }

-- $text:sentence("there is no task 99"): "There is no task 99."; what begins with no plain word is a
-- name, and stays.
verb { "sentence", function()
  local text = args[1]
  if not text:find("^%l+ ") or text:find("\n") then return text end
  text = text:sub(1, 1):upper() .. text:sub(2)
  return text:find("[%w\"')%]}]$") and text .. "." or text
end }

-- $text:unquote("\"two words\""): what stands in the quotes, or the text itself.
verb { "unquote", function()
  return args[1]:match("^%s*\"(.*)\"%s*$") or args[1]
end }

-- $text:first("\"two words\".x rest of it"): the first word, of which a part may be in quotes, and the
-- rest as it was typed.
verb { "first", function()
  local quoted, word, rest = args[1]:match("^%s*\"([^\"]*)\"(%S*)%s*(.*)$")
  if quoted then return quoted .. word, rest end
  word, rest = args[1]:match("^%s*(%S*)%s*(.*)$")
  return word, rest
end }

-- $text:around("old bell to new bell", "to"): what stands before the word and behind it; nil if one
-- is missing. What comes first may be in quotes.
verb { "around", function()
  local line, word = args[1], args[2]:lower()
  local first, rest = line:match("^%s*\"([^\"]*)\"%s+(.*)$")
  if not first then
    local at = line:lower():find(" " .. word .. " ", 1, true)
    if not at then return nil end
    first, rest = line:sub(1, at - 1), line:sub(at + 1)
  end
  if rest:sub(1, #word + 1):lower() ~= word .. " " then return nil end
  rest = rest:sub(#word + 1):match("^%s*(.-)%s*$")
  first = first:match("^%s*(.-)%s*$")
  if first == "" or rest == "" then return nil end
  return first, rest
end }

-- $text:lines("a\nb"): {"a", "b"}; empty lines count.
verb { "lines", function()
  local lines = {}
  for line in (args[1] .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end }

-- $text:shorten(text, width): the text on one line, with "..." where it is cut.
verb { "shorten", function()
  local text, most = args[1]:gsub("%c", " "), args[2]
  if (utf8.len(text) or #text) <= most then return text end
  local cut = utf8.len(text) and utf8.offset(text, most - 2) - 1 or most - 3
  return text:sub(1, cut) .. "..."
end }

-- $text:table(titles, rows): lines for tell_lines(), in columns; numbers stand to the right.
verb { "table", function()
  local titles, rows = args[1], args[2]
  local widths = {}
  local function width(cell) return utf8.len(cell) or #cell end
  for column, title in ipairs(titles) do widths[column] = width(title) end
  for _, row in ipairs(rows) do
    for column in ipairs(titles) do
      widths[column] = math.max(widths[column], width(tostr(row[column])))
    end
  end
  local function line(row, like)
    local cells = {}
    for column, size in ipairs(widths) do
      local text = tostr(row[column])
      local space = (" "):rep(size - width(text))
      local number = type((like or row)[column]) == "number"
      cells[column] = number and space .. text or text .. (column < #widths and space or "")
    end
    return (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  local lines = { { { heading = line(titles, rows[1]) } } }
  for _, row in ipairs(rows) do lines[#lines + 1] = line(row) end
  return lines
end }

-- $text:columns(words, width): lines with the words in even columns, read downwards.
verb { "columns", function()
  local words, most = args[1], args[2]
  local widest = 1
  for _, word in ipairs(words) do widest = math.max(widest, utf8.len(word) or #word) end
  local across = math.max(1, (most + 2) // (widest + 2))
  local down = (#words + across - 1) // across
  local lines = {}
  for row = 1, down do
    local cells = {}
    for at = row, #words, down do
      local pad = at + down <= #words and widest - (utf8.len(words[at]) or #words[at]) or 0
      cells[#cells + 1] = words[at] .. (" "):rep(pad)
    end
    lines[row] = table.concat(cells, "  ")
  end
  return lines
end }
