package join

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// joined gives the records that the lines become.
func joined(rule Rule, lines ...string) (records []string) {
	j := Joiner{Rule: rule}
	take := func(r *record.Record) { records = append(records, string(r.Text)) }
	for _, line := range lines {
		j.Add(&record.Record{Text: []byte(line), Lines: 1}, take)
	}
	j.Flush(take)
	return records
}

// traceOf are the stack traces that a record must be, between lines that are none of theirs.
var traceOf = map[string]string{
	"go": `panic: runtime error: index out of range [5] with length 3 [recovered]
	panic: again

goroutine 1 [running]:
main.f(...)
	/tmp/x.go:8
main.main()
	/tmp/x.go:5 +0x1d
created by main.start in goroutine 1
	/tmp/x.go:9 +0x25

goroutine 18 [select, 2 minutes]:
main.(*T).run(0xc000012345, {0x1, 0x2})
	/tmp/x.go:20 +0x85`,
	"go signal": `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f2a5]

goroutine 1 [running]:
main.main()
	/tmp/x.go:5 +0x1d`,
	"go deadlock": `fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
	/tmp/x.go:5 +0x1d`,
	"go http": `2026/11/28 10:00:00 http: panic serving 127.0.0.1:1234: boom
goroutine 34 [running]:
net/http.(*conn).serve.func1()
	/usr/lib/go/src/net/http/server.go:1947 +0xbe`,
	"java": `java.lang.IllegalStateException: order 7 has no customer
	at com.example.shop.Orders.load(Orders.java:42)
	at com.example.shop.Api$1.run(Api.java:7) ~[shop.jar:1.2]
	Suppressed: java.io.IOException: closed
		at com.example.shop.Db.close(Db.java:3)
		... 2 more
Caused by: java.sql.SQLException: gone
	at com.example.shop.Db.query(Db.java:9)
	... 31 more`,
	"java main": `Exception in thread "main" java.lang.OutOfMemoryError: Java heap space
	at com.example.Main.main(Main.java:5)`,
	"python": `Traceback (most recent call last):
  File "/srv/api.py", line 3, in load
    return orders[7]
           ~~~~~~^^^
KeyError: 7

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/api.py", line 9, in <module>
    main()
RuntimeError: no order`,
	"python group": `  + Exception Group Traceback (most recent call last):
  |   File "<stdin>", line 1, in <module>
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------`,
}

// TestTraces: each trace is one record, and what is printed before and after it isn't a part of it.
func TestTraces(t *testing.T) {
	rule := Traces(Languages()...)
	for name, trace := range traceOf {
		before, after := "2026-11-28 10:00:00 INFO listening on :8080", "2026-11-28 10:00:01 INFO goroutine count 7 (at last)"
		if name == "python group" { // it has no last line
			after = "done"
			trace += "\ndone"
			after = "2026 next"
		}
		lines := slices.Concat([]string{before, before}, strings.Split(trace, "\n"), []string{after, after})
		if got := joined(rule, lines...); !slices.Equal(got, []string{before, before, trace, after, after}) {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n---\n"))
		}
	}
}

// TestRealTraces: what the Go that runs this test, and a python that may be here, print.
func TestRealTraces(t *testing.T) {
	rule := Traces(Languages()...)
	if os.Getenv("DARUMA_TEST_PANIC") == "1" {
		_ = os.Args[len(os.Args)+1] // panics
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	panics := exec.Command(exe, "-test.run=^TestRealTraces$")
	panics.Env = append(os.Environ(), "DARUMA_TEST_PANIC=1")
	programs := map[string]*exec.Cmd{"go": panics}
	if python, err := exec.LookPath("python3"); err == nil {
		script := filepath.Join(t.TempDir(), "a.py")
		text := "def f(): raise KeyError(7)\ntry:\n  f()\nexcept KeyError as e:\n  raise RuntimeError('none') from e\n"
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		programs["python"] = exec.Command(python, script)
	} else {
		t.Log("python3 isn't here: its real trace isn't tried")
	}
	for name, cmd := range programs {
		out, _ := cmd.CombinedOutput() // it fails
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		for name == "go" && !strings.HasPrefix(lines[0], "panic: ") {
			lines = lines[1:] // what package testing says of the failure
		}
		if got := joined(rule, lines...); len(got) != 1 || len(lines) < 6 {
			t.Errorf("%s: %d records of\n%s", name, len(got), strings.Join(got, "\n---\n"))
		}
	}
}

// TestStart: records begin where the pattern says, and are bounded.
func TestStart(t *testing.T) {
	rule := Start(regexp.MustCompile(`^\d`))
	if got := joined(rule, "lost", "more", "1 a", "b", "", "2 c"); !slices.Equal(got, []string{"lost\nmore", "1 a\nb\n", "2 c"}) {
		t.Errorf("%q", got)
	}
	var lines []string
	for range 2*MaxLines + 1 {
		lines = append(lines, "x")
	}
	if got := joined(rule, lines...); len(got) != 3 || got[2] != "x" {
		t.Errorf("%d records", len(got))
	}
	long := strings.Repeat("x", MaxBytes/2)
	if got := joined(rule, long, long, long); len(got) != 3 {
		t.Errorf("%d records", len(got))
	}
}

// TestNotJoined: lines of another run or stream, and what follows a part of a line.
func TestNotJoined(t *testing.T) {
	for name, r := range map[string]record.Record{
		"run":    {Generation: 2, Stream: "stdout"},
		"stream": {Generation: 1, Stream: "stderr"},
	} {
		j, n := Joiner{Rule: Start(regexp.MustCompile("^never"))}, 0
		first := record.Record{Generation: 1, Stream: "stdout", Lines: 1}
		r.Lines = 1
		j.Add(&first, func(*record.Record) { n++ })
		j.Add(&r, func(*record.Record) { n++ })
		if n != 1 {
			t.Errorf("another %s: joined", name)
		}
	}
	j, n := Joiner{Rule: Start(regexp.MustCompile("^never"))}, 0
	for range 2 {
		j.Add(&record.Record{Partial: true, Lines: 1}, func(*record.Record) { n++ })
	}
	if n != 1 {
		t.Error("a part of a line: joined")
	}
}

// FuzzJoin: no line is lost or changed, whatever is written.
func FuzzJoin(f *testing.F) {
	for _, trace := range traceOf {
		f.Add(trace)
	}
	rule := Traces(Languages()...)
	f.Fuzz(func(t *testing.T, text string) {
		for _, rule := range []Rule{rule, Start(regexp.MustCompile(`^\S`)), nil} {
			if got := joined(rule, strings.Split(text, "\n")...); strings.Join(got, "\n") != text {
				t.Errorf("%q became %q", text, got)
			}
		}
	})
}

func BenchmarkTraces(b *testing.B) {
	rule := Traces(Languages()...)
	line := fmt.Appendf(nil, "2026-11-28T10:00:00.123Z INFO request done method=GET path=/orders/7 status=200 duration=12ms id=%s", strings.Repeat("a", 30))
	b.SetBytes(int64(len(line)))
	j := Joiner{Rule: rule}
	r := record.Record{Text: line, Lines: 1}
	for b.Loop() {
		j.Add(&r, func(*record.Record) {})
	}
}
