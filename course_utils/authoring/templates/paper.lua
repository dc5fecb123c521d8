-- Pandoc filter for paper: for each role of a tree (see tree.py) one function, which says
-- it in the words of course.typ.

local function quote(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", "\\n") .. '"'
end

local function raw(text)
  return pandoc.RawBlock("typst", text)
end

-- Blocks as the last argument of a function.
local function inside(opening, blocks)
  local found = pandoc.Blocks({ raw(opening .. "[") })
  found:extend(blocks)
  found:insert(raw("]"))
  return found
end

local roles = {}

for _, role in ipairs({ "predict", "rule", "see", "exercise", "pencil", "plan", "key", "note" }) do
  roles[role] = function(div)
    return inside("#" .. role, div.content)
  end
end

function roles.section(div)
  return div.classes[2] == "deeper" and inside("#deeper", div.content) or div.content
end

function roles.group(div)
  return inside("#group(" .. quote(div.attributes.title) .. ")", div.content)
end

function roles.room(div)
  return raw("#room(" .. div.attributes.lines .. ")")
end

function roles.squares(div)
  return raw("#squares(" .. div.attributes.width .. ", " .. div.attributes.height .. ")")
end

function roles.name(div)
  return raw("#name-line(" .. quote(div.attributes.points) .. ")")
end

function roles.told(div)
  return raw("#see-key(" .. quote(div.attributes.numbers) .. ")")
end

function roles.picture(div)
  local a = div.attributes
  return raw("#picture(" .. quote(a.name) .. ", " .. a.width .. ", alt: " .. quote(a.alt) .. ")")
end

-- Boxes to tick for its options, or a line for the place in an order, or for a number.
function roles.question(div)
  local found = pandoc.Blocks({})
  local option = div.attributes.kind == "order" and "#place-for" or "#tick"
  local asks_number = true
  for _, block in ipairs(div.content) do
    if block.t == "OrderedList" then
      asks_number = false
      for i, item in ipairs(block.content) do
        item[1].content:insert(1, pandoc.Str("(" .. string.char(96 + i) .. ")"))
        item[1].content:insert(2, pandoc.Space())
        found:extend(inside(option, item))
      end
    else
      found:insert(block)
    end
  end
  local sure = div.attributes.exam ~= "true"
  if asks_number or sure then
    found:insert(raw("#answer-line(" .. tostring(asks_number) .. ", " .. tostring(sure) .. ")"))
  end
  return inside("#question", found)
end

function Div(div)
  local role = roles[div.classes[1]]
  return role and role(div) or div.content
end

local codes = {}

function codes.source(code)
  local a = code.attributes
  return "#cell(" .. quote(code.text) .. ", " .. quote(a.number) .. ", sticky: " .. (a.sticky or "false") .. ")"
end

function codes.output(code)
  local loud = code.classes[2]
  return "#out(" .. quote(code.text) .. (loud and ", kind: " .. quote(loud) or "") .. ")"
end

for class, name in pairs({ stub = "stub", solution = "solution", mistake = "mistake-code" }) do
  codes[class] = function(code)
    return "#" .. name .. "(" .. quote(code.text) .. ")"
  end
end

-- Code in prose is set like a code cell, without a number.
function CodeBlock(code)
  local class = code.classes[1] or "text"
  if codes[class] then
    return raw(codes[class](code))
  end
  return raw("#code-box(" .. quote(code.text) .. ", language: " .. quote(class) .. ")")
end

-- A number in a label would make two labs in one book clash.
function Header(header)
  header.identifier = ""
  return header
end

-- A link to a file or an address is of no use on paper; its words are.
function Link(link)
  return link.content
end

function Image(image)
  return image.caption
end

-- A formula's text alternative is its source. A named one, $$ ... \tag{name}$$, carries
-- its name at the right margin.
function Math(math)
  -- Typst puts no space between the two columns of cases.
  math.text = math.text:gsub("\\begin{cases}.-\\end{cases}", function(cases)
    return cases:gsub("&", "\\quad &")
  end)
  local formula, name = math.text:match("^(.*)\\tag{([^}]*)}%s*$")
  math.text = formula or math.text
  local source = math.text:gsub("%s+", " ")
  local text = pandoc.write(pandoc.Pandoc({ pandoc.Para({ math }) }), "typst"):gsub("%s+$", "")
  -- Else typst sets the bars of |z| as if something stood on both sides of each.
  text = text:gsub("\\| (%w) \\|", "abs(%1)")
  local opening = name and "#named(" .. quote(name:gsub("\\_", "_")) .. ", " or "#formula("
  local alt = quote(source)
  return pandoc.RawInline("typst", opening .. alt .. ", " .. text .. ");")
end
-- How wide a cell would like to be, and how wide it must be, both in letters.
local function widths(cell)
  local want, must = 0, 0
  pandoc.Div(cell.contents):walk({
    Str = function(str)
      want = want + #str.text + 1
      must = math.max(must, #str.text)
    end,
    Code = function(code) -- is not broken
      want = want + 1.05 * #code.text + 1
      must = math.max(must, 1.05 * #code.text)
    end,
  })
  return want, must
end

-- How many letters fit into a row of a table, in the usual and in the small size.
local usual, small = 86, 100

-- Set the columns of a table, and return whether it needs the small size. If even that
-- is too large for one line a row, each column gets what it must have, and a share of
-- the rest.
local function set_columns(table)
  local want, must = {}, {}
  local rows = table.head.rows:clone()
  rows:extend(table.bodies[1].body)
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row.cells) do
      local w, m = widths(cell)
      want[i] = math.max(want[i] or 0, w)
      must[i] = math.max(must[i] or 0, m + 2)
    end
  end
  local all, least, wish = 0, 0, 0
  for i in ipairs(want) do
    all = all + want[i] + 2
    least = least + must[i]
    wish = wish + math.max(want[i] - must[i], 0)
  end
  for i, spec in ipairs(table.colspecs) do
    local width = nil -- as wide as it likes
    if all > small then
      local share = math.max(small - least, 0) * math.max(want[i] - must[i], 0) / wish
      width = (must[i] + share) / math.max(small, least)
    end
    table.colspecs[i] = { spec[1], width }
  end
  return all > usual
end

-- A paragraph stays on the page of the table that it announces; and so does one that
-- stands alone between a heading and an exercise, or a cell without a picture.
function Blocks(blocks)
  local function starts(block, call)
    return block and block.t == "RawBlock" and block.text:find("^" .. call) ~= nil
  end
  local found = pandoc.Blocks({})
  for i, block in ipairs(blocks) do
    local before, after = blocks[i - 1], blocks[i + 1]
    local cell = starts(after, "#cell%(") and not starts(blocks[i + 2], "#picture%(")
    local alone = before and before.t == "Header" and (cell or starts(after, "#exercise%["))
    if block.t == "Para" and (alone or starts(after, "#grid%-table%(")) then
      found:extend({ raw("#keep["), block, raw("]") })
    else
      found:insert(block)
    end
  end
  return found
end

-- Tables without pandoc's figure around them: course.typ gives them their rules.
function Table(table)
  local is_small = set_columns(table)
  local text = pandoc.write(pandoc.Pandoc({ table }), "typst-smart")
  local inner = text:match("#table%b()")
  return raw("#grid-table(" .. inner:sub(2) .. ", small: " .. tostring(is_small) .. ")")
end
