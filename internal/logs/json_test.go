package logs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/wine"
)

// object is a JSON line as a shipper sees it.
type object struct {
	Timestamp  string  `json:"@timestamp"`
	ECS        string  `json:"ecs.version"`
	Service    string  `json:"service.name"`
	Program    string  `json:"process.name"`
	Generation int     `json:"daruma.generation"`
	Stream     string  `json:"daruma.stream"`
	Message    *string `json:"message"`
	Base64     *string `json:"daruma.message_base64"`
	Partial    bool    `json:"daruma.partial"`
	NoNewline  bool    `json:"daruma.no_newline"`
}

// streams gives the exact bytes that JSON lines stand for, by stream, and fails on any line that isn't perfect.
func streams(t testing.TB, log []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	if len(log) > 0 && log[len(log)-1] != '\n' {
		t.Fatalf("the log ends with a torn line")
	}
	for line := range bytes.Lines(log) {
		var o object
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%v in %.200q", err, line)
		}
		if _, err := time.Parse(time.RFC3339Nano, o.Timestamp); err != nil || o.ECS == "" || o.Service != "shop" || o.Program == "" || o.Message == nil {
			t.Fatalf("%v in %.300q", err, line)
		}
		data := []byte(*o.Message)
		if o.Base64 != nil {
			raw, err := base64.StdEncoding.DecodeString(*o.Base64)
			if err != nil || utf8.Valid(raw) {
				t.Fatalf("%v in %.300q", err, line)
			}
			data = raw
		} else if strings.ContainsRune(*o.Message, utf8.RuneError) && !bytes.Contains(line, []byte("\ufffd")) {
			t.Fatalf("bytes are lost in %.300q", line)
		}
		if !o.Partial && !o.NoNewline {
			data = append(data, '\n')
		}
		all[o.Stream] = append(all[o.Stream], data...)
	}
	return all
}

func TestJSONBytesInAreBytesOut(t *testing.T) {
	seeds := uint64(30)
	if wine.Running() { // each takes seconds there
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			b := newBench(t, Options{})
			settings := logfile.Settings{Format: logfile.JSON, MaxSize: int64(1 + rnd.IntN(3_000_000)), MaxFiles: 1 << 20, Compress: rnd.IntN(2) == 0}
			if seed%5 == 0 {
				settings.MaxSize = 0
			}
			k := b.sink("api", settings)
			c1, w1 := b.attach(k, 3, "stdout")
			c2, w2 := b.attach(k, 3, "stderr")
			want := map[string][]byte{"stdout": output(rnd, 1+rnd.IntN(1<<20)), "stderr": output(rnd, 1+rnd.IntN(1<<16))}
			if seed%7 == 0 {
				want["stdout"] = append(bytes.Repeat([]byte("é"), 500_000), want["stdout"]...)
			}
			done := make(chan bool)
			for stream, w := range map[string]*os.File{"stdout": w1, "stderr": w2} {
				chunk := max(1+rnd.IntN(1<<(4+rnd.IntN(15))), len(want[stream])/5000) // more writes say nothing new
				go func() {
					for rest := want[stream]; len(rest) > 0; {
						n := min(len(rest), chunk)
						if _, err := w.Write(rest[:n]); err != nil {
							t.Error(err)
							break
						}
						rest = rest[n:]
					}
					done <- true
				}()
			}
			<-done
			<-done
			drain(t, c1)
			drain(t, c2)
			got := streams(t, stored(t, b.dir, "api"))
			sameBytes(t, got["stdout"], withoutReturns(want["stdout"]))
			sameBytes(t, got["stderr"], withoutReturns(want["stderr"]))
			if left, err := filepath.Glob(filepath.Join(b.store.opts.SpoolDir, "*.spool")); err != nil || len(left) != 0 {
				t.Errorf("left in the spool folder: %v, %v", left, err)
			}
		})
	}
}

// withoutReturns gives text whose lines end as those of JSON do: a carriage return before the newline isn't in the message.
func withoutReturns(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// Programs of Windows end their lines with a carriage return and a newline.
func TestJSONHasNoCarriageReturnAtTheEnd(t *testing.T) {
	b := newBench(t, Options{})
	c, w := b.attach(b.sink("api", logfile.Settings{Format: logfile.JSON}), 1, "stdout")
	if _, err := w.WriteString("one\r\n50%\r100%\r\n\r\nlast\r"); err != nil {
		t.Fatal(err)
	}
	drain(t, c)
	if got := streams(t, stored(t, b.dir, "api"))["stdout"]; string(got) != "one\n50%\r100%\n\nlast\r" {
		t.Errorf("%q", got)
	}
}

func TestALineOf20MiBSurvives(t *testing.T) {
	line := bytes.Repeat([]byte("0123456789é"), 20<<20/12)
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			b := newBench(t, Options{})
			c, w := b.attach(b.sink("api", logfile.Settings{Format: format, MaxSize: 3 << 20, MaxFiles: 100}), 1, "stdout")
			if _, err := w.Write(line); err != nil {
				t.Fatal(err)
			}
			drain(t, c)
			got := stored(t, b.dir, "api")
			if format == logfile.JSON {
				got = streams(t, got)["stdout"]
			}
			sameBytes(t, got, line)
		})
	}
}
