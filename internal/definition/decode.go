package definition

import (
	"fmt"
	"strconv"
)

// decoder turns nodes into the model. It collects every problem and goes on.
type decoder struct {
	dir string // absolute folder that relative paths start from
	env func(string) (string, bool)
	// foreign says what to write in place of a key that people know from elsewhere, "" where it knows nothing.
	foreign func(parent, key string) string

	path      []byte // of the field being decoded
	positions []fieldPosition
	errs      Errors
	dropped   int  // problems beyond maxErrors
	full      bool // maxNodes reached
}

// field is one key that a map may have, and what its value is decoded by.
type field struct {
	key    string
	decode func(n *node)
}

// object decodes a map whose keys are fixed; false where n isn't a map.
func (d *decoder) object(n *node, fields []field) bool {
	if !d.isMap(n) {
		return false
	}
	for i := range n.entries {
		e := &n.entries[i]
		if f := find(fields, e.key); f != nil {
			d.in(e.key, e.pos, func() { f.decode(e.value) })
			continue
		}
		d.unknown(e, fields)
	}
	return true
}

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

// in decodes one entry of a map. Meanwhile the decoder's path is that of the entry.
func (d *decoder) in(key string, pos Position, decode func()) {
	before := len(d.path)
	if before > 0 {
		d.path = append(d.path, '.')
	}
	d.path = append(d.path, key...)
	d.inside(before, pos, decode)
}

// inItem is in for an item of a list.
func (d *decoder) inItem(i int, pos Position, decode func()) {
	before := len(d.path)
	d.path = append(d.path, '[')
	d.path = strconv.AppendInt(d.path, int64(i), 10)
	d.path = append(d.path, ']')
	d.inside(before, pos, decode)
}

func (d *decoder) inside(before int, pos Position, decode func()) {
	// maxNodes again: aliases are shared in the tree, but decoded wherever they are used.
	if len(d.positions) < maxNodes {
		d.positions = append(d.positions, fieldPosition{hashPath(d.path), int32(pos.Line), int32(pos.Column)})
		decode()
	} else if !d.full {
		d.full = true
		d.errs = append(d.errs, Error{Pos: pos, Msg: fmt.Sprintf("is too large: more than %d values, aliased ones included", maxNodes)})
	}
	d.path = d.path[:before]
}

// fail adds a problem of the field being decoded.
func (d *decoder) fail(pos Position, format string, args ...any) {
	d.failAt(string(d.path), pos, format, args...)
}

// failAt adds a problem of any field.
func (d *decoder) failAt(path string, pos Position, format string, args ...any) {
	if len(d.errs) >= maxErrors {
		d.dropped++
		return
	}
	d.errs = append(d.errs, Error{Pos: pos, Path: path, Msg: fmt.Sprintf(format, args...)})
}

// wrong adds the problem that n isn't what it must be.
func (d *decoder) wrong(n *node, must string) {
	switch n.kind {
	case brokenNode:
	case emptyNode:
		d.fail(n.pos, "must be %s, is empty: give it a value or leave the line out", must)
	default:
		d.fail(n.pos, "must be %s, is %s", must, n.describe())
	}
}

func (d *decoder) isMap(n *node) bool {
	if n.kind != mapNode {
		d.wrong(n, "a map (key: value)")
		return false
	}
	return true
}

// list decodes every item of a list.
func (d *decoder) list(n *node, item func(n *node)) {
	if n.kind != listNode {
		d.wrong(n, "a list")
		return
	}
	for i, v := range n.items {
		d.inItem(i, v.pos, func() { item(v) })
	}
}

// require adds a problem for each key that a map lacks.
func (d *decoder) require(n *node, keys ...string) {
	for _, key := range keys {
		if n.kind == mapNode && n.get(key) == nil {
			d.fail(n.pos, "%s is missing", key)
		}
	}
}

// problems gives all that were found, in the order of the file.
func (d *decoder) problems(file string) Errors {
	errs := d.errs.sorted()
	if d.dropped > 0 {
		errs = append(errs, Error{Msg: fmt.Sprintf("and %d more problems", d.dropped)})
	}
	for i := range errs {
		errs[i].File = file
	}
	return errs
}
