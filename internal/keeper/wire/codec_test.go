package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"testing"
)

// TestEveryMessageHasAKind: each type with fields of its own stands in the list of kinds.
func TestEveryMessageHasAKind(t *testing.T) {
	source, err := os.ReadFile("fields.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for n, m := range EveryKind() {
		if got := numberOf(m); int(got) != n+1 {
			t.Errorf("%T is number %d in the list, and is written as %d", m, n+1, got)
		}
		listed[reflect.TypeOf(m).Elem().Name()] = true
	}
	for _, m := range regexp.MustCompile(`func \(.*\*(\w+)\) fields\(`).FindAllStringSubmatch(string(source), -1) {
		if !listed[m[1]] {
			t.Errorf("%s isn't in the list of kinds: it would be written by nobody", m[1])
		}
	}
}

// fill gives every field a value that isn't its zero value, nested ones included.
func fill(t testing.TB, rng *rand.Rand, v reflect.Value) {
	t.Helper()
	text := func() string {
		b := make([]byte, 1+rng.IntN(40)) // any bytes: a path needn't be UTF-8
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return string(b)
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(text())
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rng.Uint64()>>rng.IntN(63)) | 1)
		if rng.IntN(2) == 0 {
			v.SetInt(-v.Int())
		}
	case reflect.Uint64:
		v.SetUint(rng.Uint64()>>rng.IntN(63) | 1)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, rng, v.Field(i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text()))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1+rng.IntN(4), 10))
		for i := range v.Len() {
			fill(t, rng, v.Index(i))
		}
	default:
		t.Fatalf("fill doesn't know %s: teach it", v.Type())
	}
}

// TestEveryMessageSurvives: each field of each kind is the same on the other side. A field that is forgotten is found.
func TestEveryMessageSurvives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, m := range EveryKind() {
		t.Run(fmt.Sprintf("%T", m), func(t *testing.T) {
			empty := newMessage(numberOf(m))
			roundTrip(t, empty, 0)
			for range 100 {
				full := newMessage(numberOf(m))
				fill(t, rng, reflect.ValueOf(full).Elem())
				roundTrip(t, full, rng.IntN(4))
			}
		})
	}
}

func roundTrip(t *testing.T, m Message, fds int) {
	t.Helper()
	frame := AppendFrame([]byte("before"), m, fds)[len("before"):]
	got, n, rest, ok, err := NextFrame(append(bytes.Clone(frame), "after"...))
	if err != nil || !ok || n != fds || string(rest) != "after" || !reflect.DeepEqual(got, m) {
		t.Fatalf("%+v with %d descriptors came back as %+v with %d, rest %q, %v %v", m, fds, got, n, rest, ok, err)
	}
	for cut := range len(frame) { // a stream brings frames in pieces
		if _, _, rest, ok, err := NextFrame(frame[:cut]); ok || err != nil || len(rest) != cut {
			t.Fatalf("%d of %d bytes: ok %v, %v", cut, len(frame), ok, err)
		}
	}
	short := bytes.Clone(frame) // one byte less, and the length says so: no field may be made up
	if len(short) > header {
		short = short[:len(short)-1]
		short[0]--
		if len(frame) < 250 {
			if _, _, _, ok, err := NextFrame(short); ok || !errors.Is(err, ErrMalformed) {
				t.Fatalf("a %T without its last byte is taken", m)
			}
		}
	}
}

// TestDecodedMessagesKeepNothingOfTheBuffer: the reader uses it again.
func TestDecodedMessagesKeepNothingOfTheBuffer(t *testing.T) {
	frame := AppendFrame(nil, &SnapshotPart{Key: "api", Data: []byte("state")}, 0)
	m, _, _, _, _ := NextFrame(frame)
	clear(frame)
	if k := m.(*SnapshotPart); k.Key != "api" || string(k.Data) != "state" {
		t.Errorf("%+v", k)
	}
}

func TestMalformedFrames(t *testing.T) {
	frame := func(kind byte, body ...byte) []byte {
		return append([]byte{byte(len(body) + 2), 0, 0, 0, kind, 0}, body...)
	}
	for name, data := range map[string][]byte{
		"no kind":                         frame(0),
		"unknown kind":                    frame(byte(len(kinds))),
		"more than the message":           frame(numberOf(&Heartbeat{}), 0),
		"less than the message":           frame(numberOf(&Finish{})),
		"shorter than its own header":     {1, 0, 0, 0, numberOf(&Heartbeat{}), 0},
		"longer than allowed":             {0, 0, 0, 2, numberOf(&SnapshotPart{}), 0},
		"a string beyond the end":         frame(numberOf(&Unlisten{}), 2, 'a'),
		"a string of 2^64-1":              frame(numberOf(&Unlisten{}), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		"a number that doesn't end":       frame(numberOf(&Finish{}), 0x80),
		"a number beyond 64 bits":         frame(numberOf(&Finish{}), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
		"more ranges than bytes are left": frame(numberOf(&SetRestartGrant{}), 1, 'a', 2, 0, 0xff, 0xff, 3, 0),
	} {
		if m, _, _, ok, err := NextFrame(data); ok || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v, %v", name, m, ok, err)
		}
	}
}

// weight is about how much memory a value holds.
func weight(v reflect.Value) int {
	n := int(v.Type().Size())
	switch v.Kind() {
	case reflect.Pointer:
		return n + weight(v.Elem())
	case reflect.String:
		return n + v.Len()
	case reflect.Slice:
		for i := range v.Len() {
			n += weight(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += weight(v.Field(i))
		}
	}
	return n
}

// FuzzFrame: whatever arrives, NextFrame doesn't panic, takes no more memory than what arrived justifies, and what it
// takes for a message is one: written and read again it is the same.
func FuzzFrame(f *testing.F) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, m := range EveryKind() {
		f.Add(AppendFrame(nil, m, 0))
		fill(f, rng, reflect.ValueOf(m).Elem())
		f.Add(AppendFrame(AppendFrame(nil, m, 3), m, 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for rest := data; ; {
			m, fds, tail, ok, err := NextFrame(rest)
			if m != nil {
				if w := weight(reflect.ValueOf(m)); w > 1024+64*len(data) {
					t.Fatalf("%d bytes became a %T of %d bytes", len(data), m, w)
				}
			}
			if err != nil || !ok {
				return
			}
			if len(tail) >= len(rest) || fds > 255 {
				t.Fatalf("took %d bytes and %d descriptors", len(rest)-len(tail), fds)
			}
			again, n, left, ok, err := NextFrame(AppendFrame(nil, m, fds))
			if err != nil || !ok || n != fds || len(left) > 0 || !reflect.DeepEqual(again, m) {
				t.Fatalf("%+v came back as %+v: %v", m, again, err)
			}
			rest = tail
		}
	})
}

// TestOlderPeersUnderstandExits: a flag was added where there was one before; an upgrade and the way back must go.
func TestOlderPeersUnderstandExits(t *testing.T) {
	for _, c := range []struct{ orphans, noMemory bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		w := coder{}
		w.flagPair(&c.orphans, &c.noMemory)
		var older bool
		r := coder{buf: w.buf, reading: true}
		r.flag(&older)
		if r.err != nil || len(r.buf) != 0 || older != (c.orphans || c.noMemory) {
			t.Errorf("%+v: an older peer reads %v, %v", c, older, r.err)
		}
		if c.noMemory {
			continue
		}
		w = coder{}
		w.flag(&c.orphans)
		var orphans, noMemory bool
		r = coder{buf: w.buf, reading: true}
		if r.flagPair(&orphans, &noMemory); r.err != nil || orphans != c.orphans || noMemory {
			t.Errorf("%+v: of an older peer is read %v %v, %v", c, orphans, noMemory, r.err)
		}
	}
}
