-- $guests: what @guest makes of the lines that are pasted. Its verbs only compute.
object { name = "guests", parents = { "root" }, flags = "readable" }

-- The largest program that @guest takes.
property { "most_bytes", 1048576, perms = "r" }

-- $guests:name("shout"): the name, if it can be one.
verb { "name", function()
  local name = args[1]
  if name:find("^[%w_-]+$") and #name <= 40 then return name end
  raise(E_INVARG, "A guest's name has letters, digits, - and _, at most 40.")
end }

-- $guests:decode(lines): the ELF file that is pasted as lines of base64, or an E_INVARG that says what
-- is wrong with it.
verb { "decode", function()
  local pieces = {}
  for number, line in ipairs(args[1]) do
    local piece = line:gsub("%s", "")
    local wrong = piece:match("[^%w+/=]")
    if wrong then raise(E_INVARG, ("Line %d is not base64: it has %s in it."):format(number, toliteral(wrong))) end
    if pieces[#pieces] and pieces[#pieces]:find("=", 1, true) and piece ~= "" then
      raise(E_INVARG, ("Line %d comes after the end of the base64, which is a = in a line before."):format(number))
    end
    if piece ~= "" then pieces[#pieces + 1] = piece end
  end
  local text = table.concat(pieces)
  if text == "" then raise(E_INVARG, "Nothing was pasted.") end
  if #text % 4 ~= 0 then
    raise(E_INVARG, ("The base64 is cut off: %d characters are not a multiple of 4. Is a line missing?"):format(#text))
  end
  local bytes = decode_base64(text)
  if bytes:sub(1, 4) ~= "\127ELF" then
    local first = bytes:sub(1, 4):gsub(".", function(byte) return (" %02x"):format(byte:byte()) end)
    raise(E_INVARG, "That is no ELF file: it begins with" .. first .. ", not 7f 45 4c 46.")
  end
  return bytes
end }
