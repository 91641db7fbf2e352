---@meta
-- What verbs can use, for the Lua language server: completion and help in an editor.
-- Made from the builtins' tables: `cosmoo --print-stubs` prints it. No server reads it.

---An object of the world, as #4 or $room: its properties are fields, its verbs methods.
---@class object
---@field name string
---@field owner object
---@field location object
---@field contents object[]
---@field parents object[]
---@field children object[]
---@field programmer boolean
---@field wizard boolean
---@field r boolean
---@field w boolean
---@field f boolean
---@field [string] any

---What raise() raises and pcall() catches; it equals its code: err == E_INVARG.
---@class error
---@field code error
---@field name string
---@field message string
---@field value any

---The object that the verb was called on.
---@type object
this = nil

---The player whose command this is, or led here.
---@type object
player = nil

---The object whose verb called this one; the player, of a command.
---@type object
caller = nil

---The name that the verb was called by.
---@type string
verb = nil

---What the verb was called with; of a command, its words.
---@type any[]
args = nil

---The command behind its first word.
---@type string
argstr = nil

---The command's direct object; #-1: none; #-2: several fit; #-3: none fits.
---@type object
dobj = nil

---The words of the direct object.
---@type string
dobjstr = nil

---The words of the preposition.
---@type string
prepstr = nil

---The command's indirect object, as dobj.
---@type object
iobj = nil

---The words of the indirect object.
---@type string
iobjstr = nil

---No error
---@type error
E_NONE = nil

---Type mismatch
---@type error
E_TYPE = nil

---Division by zero
---@type error
E_DIV = nil

---Permission denied
---@type error
E_PERM = nil

---Property not found
---@type error
E_PROPNF = nil

---Verb not found
---@type error
E_VERBNF = nil

---Variable not found
---@type error
E_VARNF = nil

---Invalid indirection
---@type error
E_INVIND = nil

---Recursive move
---@type error
E_RECMOVE = nil

---Too many verb calls
---@type error
E_MAXREC = nil

---Range error
---@type error
E_RANGE = nil

---Incorrect number of arguments
---@type error
E_ARGS = nil

---Move refused by destination
---@type error
E_NACC = nil

---Invalid argument
---@type error
E_INVARG = nil

---Resource limit exceeded
---@type error
E_QUOTA = nil

---Floating-point arithmetic error
---@type error
E_FLOAT = nil

---File system error
---@type error
E_FILE = nil

---Execution failed
---@type error
E_EXEC = nil

---Interrupted
---@type error
E_INTRPT = nil

---What typeof() returns.
---@type string
INT = nil

---What typeof() returns.
---@type string
NUM = nil

---What typeof() returns.
---@type string
FLOAT = nil

---What typeof() returns.
---@type string
STR = nil

---What typeof() returns.
---@type string
OBJ = nil

---What typeof() returns.
---@type string
ERR = nil

---What typeof() returns.
---@type string
LIST = nil

---What typeof() returns.
---@type string
MAP = nil

---What typeof() returns.
---@type string
BOOL = nil

---What typeof() returns.
---@type string
NIL = nil

-- The language

---Calls the function with the further arguments and catches an error it raises. What ends a task (a
---budget that is used up, kill_task) cannot be caught.
---@param function_ any
---@param ... any
---@return any ... # true, results... | false, error
function pcall(function_, ...) end

---As pcall(), and gives a caught error to the handler. The handler is called after the error has
---left the verbs it passed through.
---@param function_ any
---@param handler any
---@param ... any
---@return any ... # true, results... | false, handler's results...
function xpcall(function_, handler, ...) end

---Raises an error such as E_INVARG, with a message for people and a value for programs. A caught
---error has the fields code, name, message and value, and equals its code: err == E_INVARG.
---@param error error
---@param message? string
---@param value? any
function raise(error, message, value) end

---Calls the verb of this name that the verb which calls it overrides, on the same object. E_VERBNF
---if there is none.
---@param ... any
---@return any ... # results...
function pass(...) end

---Runs Lua code, an expression or statements, with the caller's permissions. The second form is a
---syntax error with its line and column; `incomplete` tells that more lines could make it right.
---Errors of the code are raised.
---For programmers.
---@param code string
---@return any ... # true, results... | false, message, incomplete
function eval(code) end

---Starts a task after that many seconds; returns its id. fork(seconds, function, ...) calls the
---function, with the permissions of the verb that forked it. fork(seconds, object, "verb", ...)
---calls the verb, as that verb would, and is kept with the world: after a restart it runs at its
---time, or at once if that has passed. With names: fork{seconds = 5, object = me, verb = "wake",
---args = {1}}, or fork{seconds = 5, func = f, args = {1}}. The task has background budgets. E_TYPE,
---E_INVARG for what cannot be; E_INVIND, E_VERBNF if there is no such object or verb; E_QUOTA if
---too many of your tasks wait.
---@param seconds number
---@param function_or_object any
---@param ... any
---@return integer
function fork(seconds, function_or_object, ...) end

---The verb calls that led here, innermost first, without the one that asks: {this, verb name,
---programmer, verb location, player, line}. The line is there always, whether or not it is asked
---for.
---@param lines? boolean|integer
---@return any[][] # list of lists
function callers(lines) end

---From here on the verb runs with the permissions of `who`. E_PERM unless it has a wizard's
---permissions, or those of `who` already.
---@param who object
function set_task_perms(who) end

---Whose permissions the calling verb has, or the one that forked the call; `otherwise`, or #-1,
---when a command called, or a function was forked. A command begins with
---set_task_perms(caller_perms(player)) to act for whoever wants it.
---@param otherwise? object
---@return object
function caller_perms(otherwise) end

---Whose permissions this verb has now.
---@return object
function task_perms() end

---Ticks that the task may use until it ends or suspends. A tick is a call of a verb or builtin, or
---a microsecond of computing.
---@return integer
function ticks_left() end

---Seconds that the task may run on until it ends or suspends.
---@return number # float
function seconds_left() end

---What a value is: "integer", "float", "string", "object", "error", "list", "map", "boolean" or
---"nil"; for what cannot be stored, what type() says. The constants INT (also NUM), FLOAT, STR,
---OBJ, ERR, LIST, MAP, BOOL and NIL are these strings: typeof(x) == STR. The empty table is a list.
---@param value any
---@return string
function typeof(value) end

---Begins to count where ticks and time go, anew, or stops; see verb_profile().
---For wizards.
---@param on boolean
function profile_verbs(on) end

---What was counted since profile_verbs(true), the verb that took the most time first: object (where
---it is defined, #-1 for eval), verb, calls, ticks, seconds. A verb's figures do not hold those of
---the verbs it calls, nor the time it is suspended.
---For wizards.
---@return table[] # list of maps
function verb_profile() end

---The object with that number; the string may be "#4" or "4". #4 in a verb's code is short for
---toobj(4). The object need not exist: see valid().
---@param value integer|string|object
---@return object
function toobj(value) end

-- Objects

---Makes an object with that parent, or list of parents (#-1: none), and calls its
---:initialize(arguments...) if it has one. An owner of #-1 makes it its own. E_PERM unless each
---parent is fertile or yours; only wizards make objects for others. E_INVARG for a parent that does
---not exist, or two that define a property of one name. E_QUOTA: see quota().
---For programmers.
---@param parents object|any[]
---@param owner? object
---@param arguments? any[]
---@return object
function create(parents, owner, arguments) end

---Ends an object for good. Its :recycle is called first. What is in it moves to nowhere, with a
---call of its :exitfunc for each, and then it leaves its own place, whose :exitfunc is called too;
---its children go to its parents, and a player is disconnected. E_PERM unless it is yours; E_INVARG
---if there is none, or a verb has recycled it meanwhile.
---For programmers.
---@param object object
function recycle(object) end

---Gives an object the lowest number that is free and still owns nothing, and returns it. Parents,
---children, places and what it owns follow; values and code that name the old number do not.
---E_INVARG if there is no such object or it is connected.
---For wizards.
---@param object object
---@return object
function renumber(object) end

---Lets the next object have the number after the highest that is in use or still owns something,
---even if there were higher ones once.
---For wizards.
function reset_max_object() end

---Whether the object exists.
---@param object object
---@return boolean
function valid(object) end

---The highest number that an object ever had.
---@return object
function max_object() end

---Every object of the world, by number.
---For wizards.
---@return object[] # list of objects
function objects() end

---The objects that belong to somebody, by number. E_INVARG if there is no such owner.
---@param owner object
---@return object[] # list of objects
function owned_objects(owner) end

---All players, connected or not.
---@return object[] # list of objects
function players() end

---The player of that name or alias, #-1 if there is none.
---@param name string
---@return object
function find_player(name) end

---Whether an object is a player. E_INVARG if there is none.
---@param object object
---@return boolean
function is_player(object) end

---Makes an object a player, or no player any more; then it is disconnected too.
---For wizards.
---@param object object
---@param on boolean|integer
function set_player_flag(object, on) end

---What the player means by a name: me, here, #4, or something at hand. #-1 for an empty name, #-2
---if it could be several, #-3 if it is none.
---@param name string
---@return object
function match_object(name) end

-- Parents and children

---Gives an object other parents. Properties that it no longer inherits are gone, with its values of
---them. E_RECMOVE if it would be its own ancestor; E_INVARG for an object that does not exist, a
---parent that is there twice, or a property that would be defined twice; E_PERM unless it is yours
---and each parent is fertile or yours.
---For programmers.
---@param object object
---@param parents object|any[]
function chparents(object, parents) end

---Gives an object another parent, or none (#-1), in the place of all it had. Errors as chparents().
---For programmers.
---@param object object
---@param parent object
function chparent(object, parent) end

---An object's first parent, #-1 if it has none. E_INVARG if there is no such object.
---@param object object
---@return object
function parent(object) end

---An object's parents. E_INVARG if there is no such object.
---@param object object
---@return object[] # list of objects
function parents(object) end

---The objects that have this one as a parent. E_INVARG if there is no such object.
---@param object object
---@return object[] # list of objects
function children(object) end

---All that an object inherits from, nearest first; if asked for, with itself in front. E_INVARG if
---there is no such object.
---@param object object
---@param itself_too? boolean|integer
---@return object[] # list of objects
function ancestors(object, itself_too) end

---All that inherits from an object, nearest first; if asked for, with itself in front. E_INVARG if
---there is no such object.
---@param object object
---@param itself_too? boolean|integer
---@return object[] # list of objects
function descendants(object, itself_too) end

---Whether the first object is the second, or one of a list, or descends from it. If asked which, it
---returns the one it met, or #-1. What does not exist is nobody's descendant.
---@param object object
---@param ancestors object|any[]
---@param which? boolean|integer
---@return boolean|object # boolean | object
function isa(object, ancestors, which) end

-- Places

---Puts an object into another, or nowhere (#-1). where:accept(object) is asked first, and unless it
---returns true only a wizard's move goes on; then the old place's :exitfunc(object) and the new
---one's :enterfunc(object) are called. E_NACC if it is not accepted; E_RECMOVE into itself or what
---is in it; E_PERM unless it is yours; E_INVARG for what does not exist.
---For programmers.
---@param object object
---@param where object
function move(object, where) end

---Where an object is, where that is, and so on outwards; ends before `stop`, or if asked, before
---anything that descends from it. E_INVARG if there is no such object.
---@param object object
---@param stop? object
---@param stop_at_kind? boolean|integer
---@return object[] # list of objects
function locations(object, stop, stop_at_kind) end

---What is in an object, and in that, at any depth; the outer before the inner. E_INVARG if there is
---no such object.
---@param object object
---@return object[] # list of objects
function all_contents(object) end

---Those of the objects that are players; or those that descend from one of the kinds, and if asked,
---are players too. E_TYPE for what is no object.
---@param objects any[]
---@param kinds? object|any[]
---@param players_only? boolean|integer
---@return object[] # list of objects
function occupants(objects, kinds, players_only) end

-- Quotas

---What somebody, or you, owns: how many objects, and the bytes that they, their properties and
---verbs occupy; byte_quota is how many bytes there may be, ownership_quota how many more objects
---may be made, where there is such a limit. Wizards set both as integer properties of those names
---that they own themselves. E_PERM for others than wizards; E_INVARG if there is no such owner.
---@param owner? object
---@return table # map
function quota(owner) end

---Roughly the bytes that an object occupies, with its own properties and verbs. E_PERM unless it is
---yours; E_INVARG if there is none.
---@param object object
---@return integer
function object_bytes(object) end

-- Properties

---The properties defined on an object itself. E_PERM unless it is readable or yours.
---@param object object
---@return string[] # list of strings
function properties(object) end

---Defines a property on an object and all that descends from it. info is its permissions (of r, w
---and c; "r" if it is left out), or {owner, permissions}; it is yours otherwise. E_INVARG if there
---is one of that name, or the name or info is no good; E_PERM unless the object is writable or
---yours, and you the owner or a wizard; E_QUOTA.
---For programmers.
---@param object object
---@param name string
---@param value any
---@param info? string|any[]
function add_property(object, name, value, info) end

---Takes a property away where it was defined. E_PROPNF; E_PERM as for add_property(), and for who
---takes a quota or budget away that a wizard owns.
---For programmers.
---@param object object
---@param name string
function delete_property(object, name) end

---Who owns a property, what others may do with it, and where it was defined. E_PERM unless you may
---read it; E_PROPNF.
---@param object object
---@param name string
---@return any[] # {owner, permissions, definer}
function property_info(object, name) end

---Changes a property's permissions, its owner, or its name, on this object: info is the
---permissions, {owner, permissions} or {owner, permissions, new name}. E_PERM unless you may write
---it; only wizards change the owner, and a new name takes a writable object or yours. E_PROPNF;
---E_INVARG for a new name where it is not defined, or one that is taken.
---For programmers.
---@param object object
---@param name string
---@param info string|any[]
function set_property_info(object, name, info) end

---Lets an object have its ancestor's value again. E_INVARG where the property was defined; E_PERM
---unless you may write it; E_PROPNF.
---For programmers.
---@param object object
---@param name string
function clear_property(object, name) end

---Whether an object has its ancestor's value. E_PROPNF; E_PERM unless you may read it.
---@param object object
---@param name string
---@return boolean
function is_clear_property(object, name) end

-- Verbs

---The names of the verbs defined on an object itself. E_PERM unless it is readable or yours.
---@param object object
---@return string[] # list of strings
function verbs(object) end

---Adds a verb without code: info is {owner, permissions, names}, args is {direct object,
---preposition, indirect object} such as {"this", "none", "this"}. Returns its place. E_PERM unless
---the object is writable or yours, and you the owner or a wizard; E_INVARG for what is no such
---description; E_QUOTA.
---For programmers.
---@param object object
---@param info any[]
---@param args any[]
---@return integer
function add_verb(object, info, args) end

---Takes a verb away. E_VERBNF; E_PERM unless the object is writable or yours.
---For programmers.
---@param object object
---@param verb integer|string
function delete_verb(object, verb) end

---Who owns a verb, what others may do with it, and its names. E_VERBNF; E_PERM unless it is
---readable or yours.
---@param object object
---@param verb integer|string
---@return any[] # {owner, permissions, names}
function verb_info(object, verb) end

---Changes a verb's owner, permissions and names. E_PERM unless it is writable or yours; only
---wizards change the owner. E_VERBNF; E_INVARG for what is no such description; E_QUOTA.
---For programmers.
---@param object object
---@param verb integer|string
---@param info any[]
function set_verb_info(object, verb, info) end

---What a command must look like for the verb: {"this", "none", "this"}. E_VERBNF; E_PERM unless it
---is readable or yours.
---@param object object
---@param verb integer|string
---@return any[] # {direct object, preposition, indirect object}
function verb_args(object, verb) end

---Changes what a command must look like for the verb. E_VERBNF; E_INVARG for words that are no such
---argument; E_PERM unless it is writable or yours.
---For programmers.
---@param object object
---@param verb integer|string
---@param args any[]
function set_verb_args(object, verb, args) end

---A verb's source. E_PERM unless it is readable or yours.
---@param object object
---@param verb integer|string
---@return string
function verb_code(object, verb) end

---Programs a verb: a string, or a list of lines. E_INVARG names line and column of what does not
---compile, and the old code stays. E_VERBNF; E_PERM unless it is writable or yours; E_QUOTA.
---For programmers.
---@param object object
---@param verb integer|string
---@param code string|any[]
function set_verb_code(object, verb, code) end

---Whether object:name(...) would find a verb, its own or an inherited one; where and under which
---names, if the object is readable or yours. E_INVARG if there is no such object.
---@param object object
---@param name string
---@return boolean|any[] # boolean | {definer, names}
function respond_to(object, name) end

-- Tasks

---Lets others run and goes on after that many seconds, or, without a number, when resume() is
---called. Returns what resume() gave. E_QUOTA if too many of your tasks wait.
---@param seconds? number
---@return any # anything
function suspend(seconds) end

---Wakes a task that called suspend(): the call there returns the value, or raises it if it is an
---error. E_INVARG for a task that is not suspended or waits for a job or for input; E_PERM unless
---it is yours.
---@param task integer
---@param value? any
function resume(task, value) end

---Ends a task, with what runs for it outside the world. E_INVARG if there is none; E_PERM unless it
---is yours, or the one that asks.
---@param task integer
function kill_task(task) end

---The number of the running task.
---@return integer
function task_id() end

---Suspends if the task has fewer ticks left than least_ticks (2000), or less time than
---least_seconds (2), for that many seconds (0): for loops that may be long. E_INVARG for a least
---that is not between 0 and a command's budget; E_QUOTA as for suspend().
---@param seconds? number
---@param least_ticks? number
---@param least_seconds? number
function yin(seconds, least_ticks, least_seconds) end

---Your waiting tasks, or all for a wizard, by id and no more than `most`: {id, start time, state,
---player, programmer, verb location, verb name, line, this, bytes}. The start time is when it goes
---on, in seconds since 1970; -1 if it reads input, a text if a job runs for it, math.maxinteger if
---only resume() wakes it. The state is "planned" (a fork of a verb that has not begun: it outlives
---the server), "forked" (a fork of a function that has not), "ready", "suspended" or "reading".
---queued_tasks(nil, true) is how many there are. Each row takes a tick; E_QUOTA if fewer ticks are
---left; E_INVARG if variables are asked for, which MOO has and this has not.
---@param variables? boolean|integer
---@param count? boolean|integer
---@param most? integer
---@return any[][]|integer # list of lists | integer
function queued_tasks(variables, count, most) end

---The calls that a waiting task is in, innermost first: {this, verb name, programmer, verb
---location, player, line}; the line is there always. E_INVARG, E_PERM as for kill_task().
---@param task integer
---@param lines? boolean|integer
---@return any[][] # list of lists
function task_stack(task, lines) end

-- Connections

---Sends a player a line, or several if there are newlines in the text; with no_newline without an
---end, as a prompt. False if no_flush is true and the output that waits is at its limit (else the
---oldest of it is dropped), true if it was queued, also if nobody is there to hear it. With the
---binary option set, the text is a binary string, sent as it is. E_PERM unless it is you or you are
---a wizard; E_INVARG for what is no binary string.
---@param player object
---@param text string
---@param no_flush? boolean|integer
---@param no_newline? boolean|integer
---@return boolean
function notify(player, text, no_flush, no_newline) end

---Sends the player whose command runs its arguments, in one line.
---@param ... any
function print(...) end

---A text without what a terminal takes for orders: without control characters but tabs and
---newlines, and with ? for bytes that are not UTF-8.
---@param text string
---@return string
function plain_text(text) end

---Suspends until the player has typed a line, and returns it instead of running it as a command.
---Options: timeout, after so many seconds without a line it returns nil; echo = false hides what is
---typed; non_blocking = true (or true instead of options) returns at once, nil if no line waits.
---E_INVARG if the player is not connected, goes away, or somebody reads already, and for other
---options; E_PERM as for notify(); E_QUOTA if too many of your tasks wait.
---@param player? object
---@param options? boolean|integer|table
---@return string|nil # string, or nil
function read(player, options) end

---Makes a line as if the player had typed it, behind those that wait or at their front. Nothing
---happens if the player is not connected. E_PERM as for notify(); E_INVARG if it has control
---characters or is too long; E_QUOTA if too much input waits already.
---@param player object
---@param line string
---@param at_front? boolean|integer
function force_input(player, line, at_front) end

---Takes away the lines that a player has typed and that wait for their turn, and returns how many
---there were; with show the player is told. E_PERM as for notify(); E_INVARG if not connected.
---@param player object
---@param show? boolean|integer
---@return integer
function flush_input(player, show) end

---Makes the connection of one player another's, or logs a connection in (a negative number, as in
---do_login_command). The connection that the new player had is closed, told why unless silent.
---user_disconnected, and user_connected or user_reconnected are called. E_INVARG if the old one is
---not connected or the new one is no player.
---For wizards.
---@param old object
---@param new object
---@param silent? boolean|integer
function switch_player(old, new, silent) end

---Disconnects a player, after what was sent. E_PERM as for notify().
---@param player object
function boot_player(player) end

---Gives a player a password; suspends while it is hashed. E_PERM as for notify(); E_INVARG if it is
---no player or the password is empty or too long.
---@param player object
---@param password string
function set_password(player, password) end

---Whether that is the player's password; suspends while it is compared. E_PERM as for notify().
---@param player object
---@param password string
---@return boolean
function check_password(player, password) end

-- Facts of connections

---Who is logged in; with true also connections that have not logged in yet, as negative numbers.
---@param all? boolean|integer
---@return object[] # list of objects
function connected_players(all) end

---Seconds since the player connected. E_INVARG if not connected.
---@param player object
---@return number # float
function connected_seconds(player) end

---Seconds since the player last typed a line. E_INVARG if not connected.
---@param player object
---@return number # float
function idle_seconds(player) end

---Where the player connects from: "127.0.0.1 port 50123"; form 1 gives the address alone, form 2
---LambdaMOO's "port 7777 from 127.0.0.1, port 50123". E_PERM as for notify(); E_INVARG if not
---connected, or for another form.
---@param player object
---@param form? integer
---@return string
function connection_name(player, form) end

---What is known of a connection: name, address, port, local_port, outbound (made by
---open_network_connection()), protocol, connected_seconds and idle_seconds; of its terminal:
---terminals (the names it gives itself), columns and rows (0: not known), colour ("none", "16",
---"256" or "truecolor"), utf8 (false if it has said that it shows none) and screen_reader. E_PERM
---as for notify(); E_INVARG if not connected.
---@param player object
---@return table # map
function connection_info(player) end

---What set_connection_option() has set, as a map, or the one that is named. E_PERM as for notify();
---E_INVARG if not connected or there is no such option.
---@param player object
---@param name? string
---@return table|any # map, or anything
function connection_options(player, name) end

---The option that is named: connection_options() with a name, as LambdaMOO calls it.
---@param player object
---@param name string
---@return any # anything
function connection_option(player, name) end

---Sets an option of a connection, for as long as it lasts. hold-input: lines wait for read()
---instead of being commands. disable-oob: lines that begin with #$# are like any others.
---client-echo: the client shows what is typed. binary: read() gives and notify() takes binary
---strings, bytes without line ends. flush-command: the line that takes away those that wait, "" for
---none. intrinsic-commands: which of PREFIX, OUTPUTPREFIX, SUFFIX, OUTPUTSUFFIX, QUIT and @quit the
---server obeys itself: true, false or a list of them. keep-alive: whether the system probes a
---silent client: true, false, or {idle = seconds, interval = seconds, count = probes}. 1 and 0 will
---do for true and false. E_PERM as for notify(); E_INVARG if not connected, or for another option
---or value.
---@param player object
---@param name string
---@param value any
function set_connection_option(player, name, value) end

---What the client has set with PREFIX and SUFFIX: {prefix, suffix}, empty if nothing. E_PERM as for
---notify(); E_INVARG if not connected.
---@param player object
---@return string[] # list of strings
function output_delimiters(player) end

---How many bytes of output wait to be sent to a player; without one, how many may wait before lines
---are dropped. E_PERM as for notify(); E_INVARG if not connected.
---@param player? object
---@return integer
function buffered_output_length(player) end

-- Listening

---Accepts connections on another port too (0: any free one) and returns the port. The server calls
---the verbs do_login_command, do_command, do_out_of_band_command, do_blank_command, user_connected
---and the like on the object, instead of on #0, for who connects there. Options: interface, an IP
---address of this machine (else the one that the server listens on); ["print-messages"] = true (or
---true instead of options) lets the server greet and say why it closes. It lasts until unlisten()
---or the server's end. E_INVARG for an object or interface that is none, and if it is listened on
---already; E_QUOTA if the system refuses or there are too many.
---For wizards.
---@param object object
---@param port integer
---@param options? boolean|integer|table
---@return integer
function listen(object, port, options) end

---Ends a listener; the connections that it has accepted stay. E_INVARG if there is none.
---For wizards.
---@param port integer
---@param interface? string
function unlisten(port, interface) end

---What the server listens on, all or that of an object or a port: {object = , port = , interface =
---, ["print-messages"] = }.
---For wizards.
---@param find? integer|object
---@return table[] # list of maps
function listeners(find) end

---Connects to a port of another machine, and returns the connection: a negative object, for read(),
---notify(), boot_player(), connection_info(), set_connection_option() and the like. Suspends until
---it is there. Its lines wait for read(); nobody is greeted or logs in. Option: listener = an
---object (or the object instead of options) whose verbs user_client_disconnected and so on are
---called for it, else #0's. E_PERM unless [network] in the server's configuration allows the host
---and port; E_INVARG for a host or port that is none, for other options, and with the reason if the
---connection cannot be made; E_QUOTA if there are too many, or too many of your tasks wait.
---For wizards.
---@param host string
---@param port integer
---@param options? object|table
---@return object
function open_network_connection(host, port, options) end

-- Lists

---How many bytes a string has, how many items a list or map.
---@param value string|table
---@return integer
function length(value) end

---Whether two values are the same: strings with their case, numbers by what they count (1 and 1.0
---are equal), lists and maps by all that is in them, errors by their code.
---@param a any
---@param b any
---@return boolean
function equal(a, b) end

---The list with the value behind item `index`, or at its end. An index before the list puts it
---first, one beyond it last. E_TYPE for nil: a list has no holes.
---@param list any[]
---@param value any
---@param index? integer
---@return any[] # list
function listappend(list, value, index) end

---The list with the value before item `index`, or before all. An index before the list puts it
---first, one beyond it last. E_TYPE for nil.
---@param list any[]
---@param value any
---@param index? integer
---@return any[] # list
function listinsert(list, value, index) end

---The list without its item `index`. E_RANGE if there is none.
---@param list any[]
---@param index integer
---@return any[] # list
function listdelete(list, index) end

---The list with the value in place of its item `index`. E_RANGE if there is none; E_TYPE for nil.
---@param list any[]
---@param value any
---@param index integer
---@return any[] # list
function listset(list, value, index) end

---The list with the value at its end, unless an item equals it already, as equal() has it.
---@param list any[]
---@param value any
---@return any[] # list
function setadd(list, value) end

---The list without the first item that equals the value, as equal() has it.
---@param list any[]
---@param value any
---@return any[] # list
function setremove(list, value) end

---The index of the first item that equals the value, 0 if there is none (which Lua takes for true:
---compare it). Case matters unless it is given as false.
---@param value any
---@param list any[]
---@param case_matters? boolean|integer
---@return integer
function is_member(value, list, case_matters) end

---The indices of all items that equal the value. Case matters unless it is given as false.
---@param value any
---@param list any[]
---@param case_matters? boolean|integer
---@return integer[] # list of integers
function all_members(value, list, case_matters) end

---The list, or the string's bytes, from the last to the first.
---@param value string|any[]
---@return any[]|string # list | string
function reverse(value) end

---One part of each item: its item `index` (1 if none is given), a string's byte, a map's value; or,
---for a list of indices, a list of these parts. Where an item has no such part, `default`; without
---one E_RANGE, or nothing for a string index. E_INVARG for items and indices that do not fit;
---E_QUOTA when the result is too large.
---@param list any[]
---@param index? integer|string|any[]
---@param default? any
---@return any[] # list
function slice(list, index, default) end

---The items in order: numbers by size, objects by number, errors by code, false before true,
---strings without regard to case (those that differ in nothing else by their bytes). With keys,
---each item goes where its key belongs. `natural` takes digits in strings for numbers, so that "b9"
---comes before "b10". Items of equal keys stay as they were. E_TYPE when they cannot be compared:
---strings with numbers, lists, maps. E_INVARG when there are not as many keys as items.
---@param list any[]
---@param keys? any[]
---@param natural? boolean|integer
---@param reverse? boolean|integer
---@return any[] # list
function sort(list, keys, natural, reverse) end

-- Maps

---A map's keys, in order: booleans, numbers, strings (by their bytes), objects, errors.
---@param map table
---@return any[] # list
function mapkeys(map) end

---A map's values in the order of mapkeys(); with keys behind the map, the values of these. E_RANGE
---for a key that is not there; E_QUOTA when the result is too large.
---@param map table
---@param ... any
---@return any[] # list
function mapvalues(map, ...) end

---The map without the key, or without each key of a list. E_RANGE for a key that is not there.
---@param map table
---@param key any
---@return table # map
function mapdelete(map, key) end

---Whether the map has the key. The case of strings matters, as everywhere in Lua.
---@param map table
---@param key any
---@return boolean
function maphaskey(map, key) end

-- Strings

---Where a text is first found in another, 0 if nowhere (which Lua takes for true: compare it). Case
---does not matter unless it is given as true. `skip` leaves out that many bytes at the beginning,
---and the result counts from behind them. E_INVARG if it is negative.
---@param text string
---@param what string
---@param case_matters? boolean|integer
---@param skip? integer
---@return integer
function index(text, what, case_matters, skip) end

---As index(), but where it is found last. `skip`, a negative number, leaves out that many bytes at
---the end; E_INVARG if it is positive.
---@param text string
---@param what string
---@param case_matters? boolean|integer
---@param skip? integer
---@return integer
function rindex(text, what, case_matters, skip) end

---The text with every `what` in it replaced. Case does not matter unless it is given as true.
---E_INVARG if `what` is empty; E_QUOTA when the result is too large.
---@param text string
---@param what string
---@param with string
---@param case_matters? boolean|integer
---@return string
function strsub(text, what, with, case_matters) end

----1, 0 or 1: whether the first string comes before the second, is it, or comes behind it, by their
---bytes; case matters.
---@param a string
---@param b string
---@return integer
function strcmp(a, b) end

---The text with each byte of `from` replaced by the one at its place in `to`, or left out if `to`
---is shorter. Unless case matters, a letter of either case is replaced, by one of the same case.
---@param text string
---@param from string
---@param to string
---@param case_matters? boolean|integer
---@return string
function strtr(text, from, to, case_matters) end

---What stands between the separators (a space if none is given), without empty parts unless these
---are asked for. E_INVARG if the separator is empty; E_QUOTA for too many parts.
---@param text string
---@param separator? string
---@param keep_empty? boolean|integer
---@return string[] # list of strings
function explode(text, separator, keep_empty) end

---A line in words, as a command's args are: "..." keeps spaces, a backslash a character.
---@param text string
---@return string[] # list of strings
function words(text) end

---The items, each as tostr() shows it, with the separator (a space if none is given) between them.
---E_QUOTA when the result is too large.
---@param list any[]
---@param separator? string
---@return string
function implode(list, separator) end

-- Patterns

---The first place where a MOO pattern matches: {first, last, groups, text}, where groups are nine
---{first, last}, {0, -1} for those that took no part; the empty list if there is none. In a pattern
---. is any byte, [a-z] and [^a-z] are sets, * + ? repeat, ^ and $ are the ends, %( and %) make a
---group, %| parts alternatives, %1 is what group 1 matched, %w is a letter or digit and %W is none,
---%< and %> are the ends of a word, %b is either and %B neither; % before another character means
---that character. Case does not matter unless it is given as true. E_INVARG says where the pattern
---is wrong; E_QUOTA when it takes too long. See substitute().
---@param text string
---@param pattern string
---@param case_matters? boolean|integer
---@return any[] # list
function match(text, pattern, case_matters) end

---As match(), but the match that begins last.
---@param text string
---@param pattern string
---@param case_matters? boolean|integer
---@return any[] # list
function rmatch(text, pattern, case_matters) end

---The template with %0 replaced by what match() found, %1 to %9 by its groups, and %% by %.
---E_INVARG if the second argument is no match, or something else follows a %.
---@param template string
---@param match any[]
---@return string
function substitute(template, match) end

---Where a pattern of PCRE2 (Perl's syntax) matches: for each match a map with a key for each group
---that took part, its name or else its number as a string, "0" for the whole; each is {match =
---text, position = {first, last}}. Case does not matter unless it is given as true; all = false
---finds only the first match. The pattern matches bytes, or characters if it begins with (*UTF).
---E_INVARG says where the pattern is wrong, or that the text is not UTF-8; E_QUOTA when matching
---takes too long or the result is too large.
---@param text string
---@param pattern string
---@param case_matters? boolean|integer
---@param all? boolean|integer
---@return table[] # list of maps
function pcre_match(text, pattern, case_matters, all) end

---The text changed by "s/pattern/replacement/options", as in Perl; another character may stand for
---the /. In the replacement $1 or \1 is a group, ${name} a named one, $& the match, \n a new line.
---Options: g all matches, i without case, m lines have ends, s a dot matches them, x blanks mean
---nothing, U as little as possible. Errors as for pcre_match().
---@param text string
---@param command string
---@return string
function pcre_replace(text, command) end

-- Conversions

---Its arguments as people read them, one behind the other.
---@param ... any
---@return string
function tostr(...) end

---A value as code that makes it again: "text" in quotes, {1, 2}, {name = "x"}, #4, E_PERM.
---@param value any
---@return string
function toliteral(value) end

---A float without its fraction, a string's number (0 if it is none, as in MOO; see tonumber()), an
---object's or error's number, 1 for true. E_FLOAT if it does not fit.
---@param value boolean|number|string|object|error
---@return integer
function toint(value) end

---The value as a float: a number, a string's number, an object's or error's number, 1.0 for true.
---E_INVARG if the string is no number, E_FLOAT if it does not fit.
---@param value boolean|number|string|object|error
---@return number # float
function tofloat(value) end

---About how many bytes of memory the value occupies where it is stored.
---@param value any
---@return integer
function value_bytes(value) end

-- Encodings

---Bytes as a binary string: what is not printable, and ~, becomes ~XX.
---@param bytes string
---@return string
function encode_binary(bytes) end

---The bytes of a binary string. E_INVARG where a ~ is not followed by two hexadecimal digits.
---@param text string
---@return string
function decode_binary(text) end

---Bytes as base64 (RFC 4648). `safe` is the form for URLs and file names: - and _ for + and /, and
---no = at its end.
---@param bytes string
---@param safe? boolean|integer
---@return string
function encode_base64(bytes, safe) end

---The bytes of base64. E_INVARG, with the place, for what is none: other characters, spaces and
---line ends too, or a wrong length. `safe` as for encode_base64(); the = may be there.
---@param text string
---@param safe? boolean|integer
---@return string
function decode_base64(text, safe) end

---A text for a part of a URL: all but letters, digits and -._~ becomes %XX.
---@param text string
---@return string
function url_encode(text) end

---What url_encode() was given. E_INVARG where a % is not followed by two hexadecimal digits.
---@param text string
---@return string
function url_decode(text) end

-- JSON

---A value as JSON. Lists are arrays, also the empty table; maps are objects, whose keys become
---strings; objects and errors are strings ("#4", "E_PERM"), nil and E_NONE null. The mode
---"embedded-types" (the other is "common-subset") writes types into strings, "#4|obj", so that
---parse_json() in that mode gives back what it was. E_INVARG for strings that are not UTF-8,
---numbers that are not finite, and keys that are lists or become the same string; E_QUOTA when it
---gets too long.
---@param value any
---@param mode? string
---@return string
function generate_json(value, mode) end

---The value of a JSON text: arrays are lists, objects maps, null is E_NONE (nil would be a hole in
---a list), numbers with a fraction, an exponent or more than 64 bits floats. Modes as for
---generate_json(). E_INVARG says what is wrong, and where; E_QUOTA for more than 90 levels or
---100000 values.
---@param text string
---@param mode? string
---@return any # anything
function parse_json(text, mode) end

-- Digests

---A string's digest in hexadecimal, or as bytes. The algorithm is sha256 if none is given, or
---sha224, sha384, sha512, sha3-256, sha3-512; md5, sha1 and ripemd160 are there for what is old and
---protect nothing. E_INVARG for another. For passwords, see argon2().
---@param text string
---@param algorithm? string
---@param binary? boolean|integer
---@return string
function string_hash(text, algorithm, binary) end

---The digest of a value: of the text that toliteral() makes of it. As string_hash().
---@param value any
---@param algorithm? string
---@param binary? boolean|integer
---@return string
function value_hash(value, algorithm, binary) end

---A string's digest under a secret key (HMAC, RFC 2104): who knows the key can tell that nobody
---else made or changed the text. Algorithms and errors as for string_hash().
---@param text string
---@param key string
---@param algorithm? string
---@param binary? boolean|integer
---@return string
function string_hmac(text, key, algorithm, binary) end

---As string_hmac(), of the text that toliteral() makes of the value.
---@param value any
---@param key string
---@param algorithm? string
---@param binary? boolean|integer
---@return string
function value_hmac(value, key, algorithm, binary) end

-- Passwords

---A hash of the password to keep in its place, for argon2_verify(); suspends while it is made.
---Without a salt of 16 bytes it gets a random one. It takes 2 passes over 65536 KiB unless told
---otherwise. E_INVARG for another length of salt, a password of more than 1024 bytes, and for what
---would take too long; E_QUOTA if there is no memory.
---For wizards.
---@param password string
---@param salt? string
---@param passes? integer
---@param memory_kib? integer
---@return string
function argon2(password, salt, passes, memory_kib) end

---Whether the hash, made by argon2(), is of that password; suspends while it is compared. E_INVARG
---if it is no argon2id hash, or one that would take too long.
---For wizards.
---@param hash string
---@param password string
---@return boolean
function argon2_verify(hash, password) end

-- Chance

---A number from 1 to `most`, from `least` to `most`, or from 1 to the largest integer, each as
---likely as the others. E_INVARG if there is none between them.
---@param least_or_most? integer
---@param most? integer
---@return integer
function random(least_or_most, most) end

---A float from 0.0 to `most`, from `least` to `most`, or from 0.0 to 1.0. E_INVARG if one of them
---is not finite.
---@param least_or_most? number
---@param most? number
---@return number # float
function frandom(least_or_most, most) end

---So many random bytes, good enough for keys. E_INVARG for less than 0 and for more than 1048576.
---@param count integer
---@return string
function random_bytes(count) end

-- Times

---Seconds since 1970, UTC.
---@return integer
function time() end

---Seconds since 1970, UTC, with their fraction; or of a clock that nobody sets, for measuring how
---long something takes.
---@param monotonic? boolean|integer
---@return number # float
function ftime(monotonic) end

---A time (now, if none is given) in words: "Mon Jan 05 13:01:59 2026 UTC". E_INVARG if there is no
---such time.
---@param time? integer
---@return string
function ctime(time) end

---A time (now, if none is given) as the format says: %Y-%m-%d %H:%M:%S and the other letters of C's
---strftime(). In the server's zone, or in UTC. E_INVARG for other letters, a format of more than
---1000 bytes, or if there is no such time.
---@param format string
---@param time? integer
---@param utc? boolean|integer
---@return string
function strftime(format, time, utc) end

-- The server

---Ends the server. Tasks that wait have E_INTRPT raised in them and may clean up for a moment;
---planned ones are kept; jobs are killed; players are told the reason; the world is written.
---For wizards.
---@param reason? string
function shutdown(reason) end

---Suspends until everything that was changed up to now is on the disk. E_FILE if it cannot be
---written.
---For wizards.
function checkpoint() end

---The server's version.
---@return string
function server_version() end

---Writes a line into the server's log.
---For wizards.
---@param text string
function server_log(text) end

---How much there is: lua_bytes, objects, tasks, jobs.
---For wizards.
---@return table # map
function memory_usage() end

---What a builtin is called with and does: name, family, signature, parameters (a list of maps:
---name, types, optional), more (whether it takes any number of further arguments), returns, access,
---help. Without a name, all of them.
---@param name? string
---@return table|table[] # map | list of maps
function function_info(name) end

-- The world in files

---Writes the world, or only these objects, into the folder that `export` in [paths] names: one Lua
---file an object, as in scripts, and only those that differ from what is there. The task waits
---meanwhile, and the files are as the world was when it began. Files of objects that are gone are
---removed when all are written. Returns folder, and how many objects, written, removed. Passwords
---are not written. E_INVARG if there is no such object; E_FILE if the folder cannot be written, or
---has a file that differs and that no export wrote: then nothing is changed.
---For wizards.
---@param objects? any[]
---@return table # map
function export_world(objects) end

---Reads the folder that export_world() writes, while the task waits. The mode "update", which is
---the default: verbs get the files' code, what is missing is made, values that are there stay.
---"replace": every object that has a file becomes as that says, and has nothing else. Returns
---folder, and how many objects, created, verbs (added or changed). E_FILE if it cannot be read;
---E_INVARG with everything that is wrong, a line each with file and line, and then nothing is
---changed.
---For wizards.
---@param mode? string
---@return table # map
function import_world(mode) end

---Reads the scripts folder into the running world as import_world("update") reads the other, with
---the same result and errors.
---For wizards.
---@return table # map
function load_scripts() end

-- Programs of the machine

---Runs a program of executables/ and suspends the task until it has ended. `command` is a list: the
---program's name and its arguments. `input` and both outputs are binary strings (~0A is a newline),
---or plain bytes with the option raw = true; timeout = seconds ends it sooner than configured,
---profile = "open", "confined", "sealed" or one of the configuration's confines it. `environment`
---is a list of "NAME=VALUE"; without it, and besides it, there is PATH alone. The code is the
---program's, 128 + N if signal N killed it, -1 if a limit stopped it. Errors: E_INVARG (command,
---input or environment are not right), E_PERM (no wizard, or a program that the configuration does
---not allow), E_QUOTA (too many run), E_EXEC (it could not be started).
---For wizards.
---@param command any[]
---@param input? string
---@param environment? any[]
---@param options? table
---@return any[] # {code, stdout, stderr}
function exec(command, input, environment, options) end

---The names that exec() accepts.
---For wizards.
---@return string[] # list of strings
function executables() end

-- Processes

process = {}

---Starts a program of executables/, suspends the task until it runs, and returns {handle_id, pid,
---owner, started_at, command, status = "running"}; the process goes on when the task has ended.
---Fields: argv, a list of the program's name and its arguments; or command, a text for the shell
---that the configuration names, itself a program of executables/ (mode = "argv" or "shell" says the
---same once more). env, {NAME = "value"} or a list of "NAME=VALUE": with PATH, all that it gets.
---cwd, an absolute path. input, plain bytes; stdin = "pipe" keeps it open for process.write().
---timeout_ms (or timeout, the same): it is stopped after so long; 0 is the configuration's.
---sandbox_profile, how it is confined. limits, any of wall_s, cpu_s, memory_bytes, processes,
---cpu_shares, open_files, file_size_bytes, output_bytes (of each stream): where the configuration
---has less, that holds. when_full = "wait": rather than be stopped at the limit on output, it waits
---until process.read() has made room. There may be so many handles as are configured: the oldest
---process that has ended gives up its own first, and leaves a receipt of how it ended; if all run,
---the oldest is killed. Handles end with the server. Errors: E_INVARG and E_TYPE name the field
---that is wrong, E_PERM (no wizard, or a program that the configuration does not allow), E_QUOTA
---(too many run, or too much input), E_EXEC (it could not be started).
---For wizards.
---@param fields table
---@return table # map
function process.spawn(fields) end

---How a process is now: handle_id, command, pid, owner, started_at, status (running, exited,
---killed, timed_out, over_limit), running, timed_out, usage {cpu_s, wall_s, memory_peak_bytes,
---instructions, cpu_from, memory_from}, stdout and stderr as far as nobody has read them, plain
---bytes; when it has ended exit_code (-1 unless it exited), ended_at, signal or limit if there was
---one, and not_enforced, a list, if a limit could not be. evicted = true if that is all that is
---known, because its handle had to make room. Whose process it is and wizards may ask: E_PERM.
---E_INVARG if there is no such handle.
---For programmers.
---@param handle string|table
---@return table # map
function process.poll(handle) end

---Suspends the task until the process has ended, and returns what process.poll() would. After
---timeout_ms it returns {handle_id, status = "running", running = true, timed_out = true} and the
---process goes on; 0 is no timeout. Any number of tasks may wait for one process, and killing them
---does nothing to it. Errors as for process.poll().
---For programmers.
---@param handle string|table
---@param timeout_ms? number
---@return table # map
function process.wait(handle, timeout_ms) end

---Kills a process and everything that it started, and suspends the task until it is gone: {success
---= true, status}. The status is as it was if it had ended before; success is false if the system
---does not end it within five seconds. Errors as for process.poll().
---For programmers.
---@param handle string|table
---@return table # map
function process.kill(handle) end

---Forgets a process, and kills it if it runs; those who wait for it learn that. {released = true},
---or false if there is no such handle. E_PERM unless it is yours or you are a wizard.
---For programmers.
---@param handle string|table
---@return table # map
function process.release(handle) end

---Your processes that have a handle, or everybody's for a wizard, oldest first: handle_id, command,
---pid, owner, started_at, status, running, exit_code of those that have ended, stdout_bytes and
---stderr_bytes printed so far.
---For programmers.
---@return table[] # list of maps
function process.list() end

-- Streams of processes

---Takes what a process has printed, at most so many bytes of each stream: {stdout, stderr}, plain
---bytes, one of them may be empty. What is taken is not in process.poll() any more. Suspends the
---task until there is something, or returns nil when both streams have ended and all is taken.
---Errors as for process.poll(), and E_INVARG for less than one byte.
---For programmers.
---@param handle string|table
---@param most? integer
---@return table|nil # map | nil
function process.read(handle, most) end

---Gives a process that was started with stdin = "pipe" plain bytes to read, and suspends the task
---until it has taken them, or the system for it. Errors as for process.poll(); E_INVARG too if it
---takes no input, or none any more; E_QUOTA if more waits to be taken than input is allowed.
---For programmers.
---@param handle string|table
---@param data string
function process.write(handle, data) end

---Ends a process's input, after all that was written. Errors as for process.poll(); that it is
---closed already is none.
---For programmers.
---@param handle string|table
function process.close_stdin(handle) end

-- Guests

sandbox = {}

---Runs a guest, a program for the simulated Moxie processor, and suspends the task until it has
---ended. A guest can reach nothing but its data. `program` is a name of sandbox.list(), the bytes
---of an ELF file, or "sha256:" and the digest of either. `data` is a string or a list of strings,
---at most 64: the data files, as plain bytes. Options: budget (instructions), memory and stack
---(bytes), timeout (seconds). The map has status (exited, killed, timed_out, faulted, over_limit),
---exit_code (-1 unless it exited), output and state (plain bytes), usage {instructions, cpu_s,
---wall_s, memory_peak_bytes}, started_at, ended_at; and signal, address and pc of a fault, limit
---(instructions or output) if one was reached. The same program, data and options give the same
---output and count everywhere. Errors: E_INVARG (no such program or not an ELF file for Moxie, data
---or options that are not right, or more than the memory holds), E_QUOTA (too many guests,
---instructions or bytes at once), E_EXEC (the system gave no memory).
---For programmers.
---@param program string
---@param data? string|any[]
---@param options? table
---@return table # map
function sandbox.run(program, data, options) end

---The names of the guests that came with the server, for sandbox.run(). Suspends the task.
---For programmers.
---@return string[] # list of strings
function sandbox.list() end

---What is known of a program as sandbox.run() takes it: sha256, bytes, entry (an address) and
---memory_bytes that it takes before it runs. Suspends the task. Errors: E_INVARG (there is no such
---program, or it is not one).
---For programmers.
---@param program string
---@return table # map
function sandbox.info(program) end

-- Frames

frame = {}

---Runs what a frame stands for, and suspends the task until it has ended: a function of a shared
---library, in a process of its own; a program of executables/, as exec() would; a guest, as
---sandbox.run() would, or one of its functions in the place of main(). `args` are strings; of a
---guest its data files, with `input` as the last one. `input` and the outputs are plain bytes.
---Options: timeout (seconds), profile, limits (as process.spawn() takes them). The map has status
---(exited, killed, timed_out, faulted, over_limit), exit_code, stdout, stderr, usage, started_at,
---ended_at; signal or limit where there was one; of a guest output and state. With a path such as
---"dlsym/open" and a frame's path as its argument it keeps that open, until "dlsym/close". Errors:
---E_INVARG (no such frame, not executable, no such function, library, program or guest, arguments
---that are not right), E_PERM (a program that the configuration does not allow), E_QUOTA (too many
---run, too much input), E_EXEC (a library that cannot be opened, with the loader's text; what the
---system refused).
---For wizards.
---@param path string
---@param args? any[]
---@param input? string
---@param environment? table
---@param options? table
---@return table # map
function frame.exec(path, args, input, environment, options) end

---Calls a function with a frame as its payload, and suspends the task until it has ended. The
---payload has the frame's path, its fields and its bytes: the value that it was bound with, or the
---file of a library, program or guest. A map function (see executables/modules/cosmoo_module.h) is
---given a struct; anything else gets the bytes as its input, a guest as its last data file, and
---path and fields as variables FRAME_PATH, FRAME_ADDR and so on. Options: those of frame.exec(),
---args (more arguments), into = the path of a frame that is bound to what it writes, if it ends
---with 0. The map is that of frame.exec(), with into if it was bound. Errors: those of frame.exec()
---and frame.bind().
---For wizards.
---@param mapfn string
---@param target string
---@param options? table
---@return table # map
function frame.map(mapfn, target, options) end

-- The tree of frames

---Puts a frame into the tree of what can be executed, or changes one; it is kept with the world.
---Fields, all strings: aframe_id (its path: parts with a / between them), module_id (dlib: a
---library; dlsym: a function of the library that is its parent; exec: a program; moxie: a guest;
---none: bytes of its own), addr (the library's file beneath the folder of modules, the function's
---symbol, the program's or guest's name), value (the bytes, at most 1 MiB), exectype (none or
---module-supported; it follows from the module), isolate (of a library: "call", each call in a
---process of its own, or "library", one process for all), profile (how a library's functions are
---confined). Beneath a library each of its functions is there without being bound; beneath "dlib",
---"exec" and "moxie" each file is. Errors: E_INVARG (fields that are not right, a frame of the
---configuration's or one that is open), E_TYPE (a field is no string), E_QUOTA (more than 1000
---frames, or a value that is too long).
---For wizards.
---@param fields table
function frame.bind(fields) end

---Takes out a frame that frame.bind() has put in. Errors: E_INVARG (there is none, it is open, the
---configuration's or built in, or a library whose functions are bound beneath it).
---For wizards.
---@param path string
function frame.unbind(path) end

---What is known of a frame: the fields of frame.bind(), par (the path above), bound_by ("built-in",
---"configuration", "world" or, if it follows from the frame above it, "parent"), opens (how often
---it is open now), times_opened; and while it is open opened_by (how often by whom), since, and
---value: a library's or function's address. E_INVARG if there is no such frame.
---For wizards.
---@param path string
---@return table # map
function frame.info(path) end

---The paths directly beneath a frame, or at the top: what is bound; beneath a library or guest its
---functions; beneath "dlib", "exec" and "moxie" their files, which suspends the task; with
---bound_only what is bound alone. Errors: E_INVARG (there is no such frame, or no such library),
---E_EXEC (a library that cannot be opened).
---For wizards.
---@param path? string
---@param bound_only? boolean|integer
---@return string[] # list of strings
function frame.list(path, bound_only) end

-- Jobs

---What runs outside the world now, oldest first, whether exec(), process.spawn(), sandbox.run() or
---frame.exec() started it: id, kind ("process", "guest" or "function"), command, owner, pid (-1 of
---a guest), started_at, age in seconds, cpu in seconds and memory in bytes as far as they are
---known, output in bytes so far.
---For wizards.
---@return table[] # list of maps
function jobs() end

---Kills a job of jobs() with everything that it started. Whoever waits for it gets its result as
---that of one that was killed. E_INVARG if there is no such job any more.
---For wizards.
---@param id integer
function kill_job(id) end
