package jsonline

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestMessageIsWhatEncodingJSONReads: the objects are JSON, and their message is the line.
func TestMessageIsWhatEncodingJSONReads(t *testing.T) {
	var every []byte
	for c := range 256 {
		if c != '\n' {
			every = append(every, byte(c))
		}
	}
	for _, line := range []string{"", "plain", `"\`, "\x00\x1f\x7f\t\r", "é\u2028\U0001F600", string(every), "\xff", "a\xed\xa0\x80b", strings.Repeat("x", 7) + "\x01"} {
		out := Append(nil, AppendStamp(nil, time.Now()), Head(`sh"op`, "api", 1, "stdout"), []byte(line), WithNewline)
		var o struct {
			Message *string `json:"message"`
			Base64  *string `json:"daruma.message_base64"`
			Service string  `json:"service.name"`
		}
		if err := json.Unmarshal(out, &o); err != nil || o.Message == nil || o.Service != `sh"op` {
			t.Fatalf("%v in %q", err, out)
		}
		if want := strings.ToValidUTF8(line, "\ufffd"); utf8.ValidString(line) && *o.Message != want {
			t.Errorf("message %q, want %q", *o.Message, want)
		}
		if (o.Base64 != nil) == utf8.ValidString(line) {
			t.Errorf("%q: base64 %v", line, o.Base64)
		}
	}
}

// FuzzRoundTrip: every line comes back, byte for byte, and what is no object of ours is no object.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("hi\xff"), "stdout", 3, int64(1e15))
	f.Add([]byte(`{"@timestamp":"`), "stderr", 0, int64(0))
	f.Fuzz(func(t *testing.T, line []byte, stream string, generation int, at int64) {
		if _, ok := Decode(line); ok && !IsOurs(line) {
			t.Errorf("%q is taken for an object", line)
		}
		if !utf8.ValidString(stream) {
			return
		}
		now := time.UnixMicro(at % 2e17).UTC()
		if now.Year() < 0 || now.Year() > 9999 {
			return
		}
		for end, partial := range map[End]bool{WithNewline: false, Partial: true, NoNewline: true} {
			out := Append(nil, AppendStamp(nil, now), Head("shop", "api", generation, stream), line, end)
			o, ok := Decode(bytes.TrimSuffix(out, []byte("\n")))
			if !ok || !bytes.Equal(o.Text, line) || o.Stream != stream || o.Generation != generation || !o.Time.Equal(now) || o.Partial != partial {
				t.Errorf("%q came back as %+v, %v", out, o, ok)
			}
		}
	})
}
