package nssm

import (
	"slices"
	"strings"
)

// Kind is the type of a registry value. Source:
// https://learn.microsoft.com/en-us/windows/win32/sysinfo/registry-value-types
type Kind uint32

// The kinds that NSSM and the service control manager use.
const (
	None     Kind = 0
	SZ       Kind = 1  // text
	ExpandSZ Kind = 2  // text in which %VAR% stands for a variable of the environment
	Binary   Kind = 3  // bytes
	Dword    Kind = 4  // 32 bits, little-endian
	DwordBE  Kind = 5  // 32 bits, big-endian
	MultiSZ  Kind = 7  // a list of texts
	Qword    Kind = 11 // 64 bits, little-endian
)

// Value is one value of a registry key.
type Value struct {
	Name   string // as it is written; "" is the key's default value
	Kind   Kind
	Text   string   // of SZ and ExpandSZ
	List   []string // of MultiSZ
	Number uint64   // of Dword, DwordBE and Qword
}

// Key is a registry key with all that is below it. Names are looked up without regard to case, as the registry does.
type Key struct {
	Name    string
	values  map[string]Value
	subkeys map[string]*Key
}

// NewKey gives an empty key.
func NewKey(name string) *Key {
	return &Key{Name: name, values: map[string]Value{}, subkeys: map[string]*Key{}}
}

// Set adds v, in place of a value of the same name.
func (k *Key) Set(v Value) { k.values[strings.ToLower(v.Name)] = v }

// Value gives the value called name; ok is false where there is none. A nil key has none.
func (k *Key) Value(name string) (v Value, ok bool) {
	if k == nil {
		return Value{}, false
	}
	v, ok = k.values[strings.ToLower(name)]
	return v, ok
}

// Values are all values, sorted by name.
func (k *Key) Values() []Value {
	if k == nil {
		return nil
	}
	all := make([]Value, 0, len(k.values))
	for _, v := range k.values {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b Value) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all
}

// Sub gives the key called name below k, or nil.
func (k *Key) Sub(name string) *Key {
	if k == nil {
		return nil
	}
	return k.subkeys[strings.ToLower(name)]
}

// Subs are all keys below k, sorted by name.
func (k *Key) Subs() []*Key {
	if k == nil {
		return nil
	}
	all := make([]*Key, 0, len(k.subkeys))
	for _, sub := range k.subkeys {
		all = append(all, sub)
	}
	slices.SortFunc(all, func(a, b *Key) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all
}

// Make gives the key called name below k, a new one where there is none.
func (k *Key) Make(name string) *Key {
	if sub := k.Sub(name); sub != nil {
		return sub
	}
	sub := NewKey(name)
	k.subkeys[strings.ToLower(name)] = sub
	return sub
}

// remove takes the value called name away.
func (k *Key) remove(name string) { delete(k.values, strings.ToLower(name)) }

// removeSub takes the key called name, and all below it, away.
func (k *Key) removeSub(name string) { delete(k.subkeys, strings.ToLower(name)) }
