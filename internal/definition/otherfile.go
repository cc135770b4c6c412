package definition

import (
	"path/filepath"
	"time"
)

// ParseOther reads another of daruma's YAML files by the rules of definitions: strictly, every problem with its place, ${VAR} where a
// field takes it, and the same bounds. top decodes the file's map, usually by [Value.Object]; a file with nothing in it is an empty map. file names it in
// errors and says where relative paths start; env is as for [Parse]. Every error is of type [Errors].
func ParseOther(src []byte, file string, env func(string) (string, bool), top func(Value)) error {
	abs, err := filepath.Abs(file)
	if err != nil {
		return Errors{{File: file, Msg: err.Error()}}
	}
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	d := &decoder{dir: filepath.Dir(abs), env: env, foreign: func(_, _ string) string { return "" }}
	root, found := read(src)
	if len(found) == 1 && found[0].Msg == nothingThere {
		root, found = &node{kind: mapNode}, nil
	}
	d.errs = found
	if root != nil {
		top(Value{d, root})
	}
	if errs := d.problems(file); len(errs) > 0 {
		return errs
	}
	return nil
}

// Value is one value of a file that [ParseOther] reads. Its methods note what is wrong with it, and give the zero value then.
type Value struct {
	d *decoder
	n *node
}

// Field is a key that a map may have, and what decodes its value.
type Field struct {
	Key    string
	Decode func(Value)
}

// Object decodes a map that may have these keys and no others; those of required it must have.
func (v Value) Object(fields []Field, required ...string) {
	own := make([]field, len(fields))
	for i, f := range fields {
		own[i] = field{f.Key, func(n *node) { f.Decode(Value{v.d, n}) }}
	}
	if v.d.object(v.n, own) {
		v.d.require(v.n, required...)
	}
}

// Map decodes a map with any keys, in the order of the file. The keys aren't checked; none stands there twice.
func (v Value) Map(entry func(key string, v Value)) {
	if !v.d.isMap(v.n) {
		return
	}
	for i := range v.n.entries {
		e := &v.n.entries[i]
		v.d.in(e.key, e.pos, func() { entry(e.key, Value{v.d, e.value}) })
	}
}

// List decodes each item of a list.
func (v Value) List(item func(Value)) {
	v.d.list(v.n, func(n *node) { item(Value{v.d, n}) })
}

// Text gives a text that isn't empty.
func (v Value) Text() string { return v.d.str(v.n) }

// Line gives a text of one line, of 256 bytes at most, that isn't empty.
func (v Value) Line() string { return v.d.line(v.n) }

// Expanded gives a text that isn't empty, with ${VAR} replaced. No error shows what came out of a variable: for secrets.
func (v Value) Expanded() string { return v.d.expanded(v.n) }

// Path gives the absolute path of a file or folder, with ${VAR} replaced; a relative one starts from the file's own folder.
func (v Value) Path() string { return v.d.absolute(v.d.filePath(v.n, v.d.expanded(v.n))) }

// Enum gives a text that is one of these.
func (v Value) Enum(values ...string) string { return v.d.enum(v.n, values...) }

// Bool gives true or false.
func (v Value) Bool() bool { return v.d.boolean(v.n) }

// Integer gives a whole number within min … max; ok is false where it isn't one.
func (v Value) Integer(min, max int64) (number int64, ok bool) { return v.d.integer(v.n, min, max) }

// Size gives a quantity of bytes such as 512Ki within min … max; ok is false where it isn't one.
func (v Value) Size(min, max int64) (bytes int64, ok bool) {
	bytes, ok = v.d.size(v.n)
	if ok && (bytes < min || bytes > max) {
		v.Fail("must be between %d and %d bytes, is %s", min, max, clip(v.n.text))
		return 0, false
	}
	return bytes, ok
}

// Seconds gives a duration, which is written in seconds and is at least min; ok is false where it isn't one.
func (v Value) Seconds(min time.Duration) (duration time.Duration, ok bool) {
	duration, ok = v.d.seconds(v.n, min > 0)
	if ok && duration < min {
		v.Fail("must be at least %v, is %s", min.Seconds(), clip(v.n.text))
		return 0, false
	}
	return duration, ok
}

// Fail notes a problem of this value: what is wrong and what would be right.
func (v Value) Fail(format string, args ...any) { v.d.fail(v.n.pos, format, args...) }
