package definition

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// Bounds on the structure of a file. The YAML library descends recursively, also from one key of a map to the next,
// and a stack overflow can't be recovered from; and it moves or copies lists so often that the time for some structures
// grows with the square of their size.
const (
	maxTokens  = 1_500_000
	maxDepth   = 50          // of maps and lists in one another; the schema needs 8
	maxEmpty   = 1000        // keys and list items without a value
	maxKey     = 1024        // characters of a key
	maxMapWork = 250_000_000 // for each key of a block map, the keys before it: one map may have 22,000
	maxPaths   = 256 << 20   // bytes of the paths that the library notes for each of its nodes
)

// tokenChecker reads the tokens of a file before the YAML library's parser does, and refuses what that can't cope with
// and what daruma doesn't support.
type tokenChecker struct {
	tokens  token.Tokens
	blocks  []block // open block maps and lists, outermost first
	flows   []flow  // open { and [
	empty   int
	mapWork int
	paths   int
}

// block is an open map or list that indentation delimits.
type block struct {
	column int
	list   bool
	keys   int
	path   int // length of the path of its current entry
}

// flow is an open { or [.
type flow struct {
	list  bool
	colon bool // the current entry has had its colon
	path  int
}

// checkTokens gives the first reason why these tokens can't be parsed. Comments must have been removed.
func checkTokens(tokens token.Tokens) *Error {
	if len(tokens) > maxTokens {
		return &Error{Msg: fmt.Sprintf("is too large: has more than %d elements", maxTokens)}
	}
	f := tokenChecker{tokens: tokens}
	for i, tk := range tokens {
		msg := f.token(i, tk)
		if msg == "" {
			msg = f.tooMuch()
		}
		if msg != "" {
			return &Error{Pos: position(tk), Msg: msg}
		}
	}
	return nil
}

func (f *tokenChecker) token(i int, tk *token.Token) string {
	f.paths += f.path() + 16
	switch tk.Type {
	case token.TagType:
		return "tags such as " + clip(tk.Value) + " aren't supported: remove it"
	case token.DirectiveType:
		return "directives (%) aren't supported: remove the line"
	case token.MappingKeyType:
		return "keys with ? aren't supported: write key: value"
	case token.DocumentHeaderType, token.DocumentEndType:
		return f.document(i, tk)
	case token.AnchorType:
		if i+2 < len(f.tokens) && f.tokens[i+2].Type == token.AnchorType {
			return "a value can have one anchor only: remove one"
		}
	case token.MappingStartType, token.SequenceStartType:
		f.flows = append(f.flows, flow{list: tk.Type == token.SequenceStartType, path: f.path()})
	case token.MappingEndType, token.SequenceEndType, token.CollectEntryType:
		f.flowEntryEnd(i, tk)
	case token.SequenceEntryType:
		return f.blockItem(i, tk)
	case token.MappingValueType:
		return f.key(i)
	}
	return ""
}

func (f *tokenChecker) tooMuch() string {
	switch {
	case len(f.blocks)+len(f.flows) > maxDepth:
		return fmt.Sprintf("is nested more than %d deep", maxDepth)
	case f.empty > maxEmpty:
		return fmt.Sprintf("more than %d keys or items without a value up to here", maxEmpty)
	case f.mapWork > maxMapWork:
		return "too many keys in one map"
	case f.paths > maxPaths:
		return "too many long keys in one another up to here"
	}
	return ""
}

func (f *tokenChecker) document(i int, tk *token.Token) string {
	if tk.Type == token.DocumentHeaderType && i > 0 {
		return "a second document begins here: a definition is one document, put the other into a file of its own"
	}
	if tk.Type == token.DocumentEndType && i+1 < len(f.tokens) {
		return "the document ends here (...) but the file goes on: remove the line, or what follows"
	}
	return ""
}

func (f *tokenChecker) flowEntryEnd(i int, tk *token.Token) {
	if len(f.flows) == 0 {
		return
	}
	top := &f.flows[len(f.flows)-1]
	prev := f.tokens[max(i-1, 0)].Type
	// {a, b: } has two entries without a value.
	if prev == token.MappingValueType || !top.list && !top.colon {
		f.empty++
	}
	top.colon = false
	if tk.Type != token.CollectEntryType {
		f.flows = f.flows[:len(f.flows)-1]
	}
}

func (f *tokenChecker) blockItem(i int, tk *token.Token) string {
	if len(f.flows) > 0 {
		return "an item with - can't stand inside of [ or {: separate items by commas"
	}
	column := tk.Position.Column
	f.closeBlocks(column)
	if top := f.block(); top == nil || top.column != column || !top.list {
		f.blocks = append(f.blocks, block{column: column, list: true, path: f.path() + 8})
	}
	if f.nothingFollows(i, tk) {
		f.empty++
	}
	return ""
}

// key handles the colon at i; the key is the token before it.
func (f *tokenChecker) key(i int) string {
	if i == 0 {
		return "a key is missing before the colon"
	}
	key := f.tokens[i-1]
	if len(key.Value) > maxKey {
		return fmt.Sprintf("the key is longer than %d characters", maxKey)
	}
	if n := len(f.flows); n > 0 {
		top := &f.flows[n-1]
		if top.list && len(key.Value) == 1 { // the lexer takes C:\app for a key inside of { }, and there alone
			return "a path with a drive must stand in quotes here: 'C:\\…'"
		}
		if top.list {
			return "a key can't stand in a list directly: write [{key: value}]"
		}
		if top.colon {
			return "a second colon, or a comma is missing before it"
		}
		top.colon = true
		top.path = f.flowBase() + len(key.Value) + 1
		return ""
	}
	column := key.Position.Column
	f.closeBlocks(column)
	// A list may stand in the same column as the key that it belongs to; this key then ends it.
	if top := f.block(); top != nil && top.column == column && top.list {
		f.blocks = f.blocks[:len(f.blocks)-1]
	}
	if top := f.block(); top == nil || top.column != column {
		f.blocks = append(f.blocks, block{column: column})
	}
	top := f.block()
	top.keys++
	f.mapWork += top.keys
	top.path = f.outer() + len(key.Value) + 1
	if f.nothingFollows(i, key) {
		f.empty++
	}
	return ""
}

// nothingFollows reports whether the block entry that begins with from and whose - or colon is token i has no value.
func (f *tokenChecker) nothingFollows(i int, from *token.Token) bool {
	if i+1 >= len(f.tokens) {
		return true
	}
	next := f.tokens[i+1]
	if next.Position.Line == from.Position.Line || next.Position.Column > from.Position.Column {
		return false
	}
	// The list of a key may stand in the key's own column.
	return next.Type != token.SequenceEntryType || from.Type == token.SequenceEntryType
}

// closeBlocks ends the blocks that are indented more than column.
func (f *tokenChecker) closeBlocks(column int) {
	n := len(f.blocks)
	for n > 0 && f.blocks[n-1].column > column {
		n--
	}
	f.blocks = f.blocks[:n]
}

func (f *tokenChecker) block() *block {
	if len(f.blocks) == 0 {
		return nil
	}
	return &f.blocks[len(f.blocks)-1]
}

// path is the length of the current path.
func (f *tokenChecker) path() int {
	if n := len(f.flows); n > 0 {
		return f.flows[n-1].path
	}
	if top := f.block(); top != nil {
		return top.path
	}
	return 0
}

// outer is the length of the path of the block around the innermost one.
func (f *tokenChecker) outer() int {
	if n := len(f.blocks); n > 1 {
		return f.blocks[n-2].path
	}
	return 0
}

// flowBase is the length of the path of what is around the innermost { or [.
func (f *tokenChecker) flowBase() int {
	if n := len(f.flows); n > 1 {
		return f.flows[n-2].path
	}
	if top := f.block(); top != nil {
		return top.path
	}
	return 0
}

func position(tk *token.Token) Position {
	if tk == nil || tk.Position == nil {
		return Position{}
	}
	return Position{Line: tk.Position.Line, Column: tk.Position.Column}
}
