package shipping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/join"
	"github.com/daruma-sh/daruma/internal/observe/shipping/redact"
)

// copyFolder gives a copy of a folder of files: what a kill at this moment leaves.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestKilledAroundEachRequest: the sender is killed before a request is stored, or when it is stored and not answered, or between the answer and
// the keeping of the position; at every request. Each line is in the store once, and whatever is sent again is the same as before.
func TestKilledAroundEachRequest(t *testing.T) {
	for _, kind := range Types() {
		for _, at := range []string{"before it is stored", "before it is answered", "before the position is kept"} {
			t.Run(kind+"/"+at, func(t *testing.T) {
				t.Parallel()
				m, s, log := newMachine(t), newStore(t), &said{t: t}
				api := m.log("shop", "api")
				var want []string
				for i := range 40 {
					want = append(want, m.write(api, "api", i*50, (i+1)*50)...)
					lines := m.write(io.MultiWriter(api), "Traceback (most recent call last):\n  File \"x\"\nValueError:", i, i+1)
					want = append(want, lines...)
				}
				state := t.TempDir()
				killed := make(chan string)
				answered := ""
				s.before = func(w http.ResponseWriter, _ string, n int) bool {
					switch {
					case n%3 != 1: // the successor gets through
						answered = copyFolder(t, state)
						return true
					case at == "before it is stored":
						killed <- copyFolder(t, state)
						panic(http.ErrAbortHandler)
					case at == "before it is answered":
						return true
					default: // the answer of the last request came, and the kill after it
						killed <- answered
						panic(http.ErrAbortHandler)
					}
				}
				s.after = func(n int) {
					if n%3 == 1 && at == "before it is answered" {
						killed <- copyFolder(t, state)
						panic(http.ErrAbortHandler)
					}
				}
				joined := func(t *Target) { t.Join = []Join{{Rule: join.Traces("python")}} }
				kills := 0
				for done := false; !done; {
					stop := start(t, m, state, log, target(s.URL, ofType(kind), joined))
					complete := make(chan struct{})
					go func() {
						s.await(len(want))
						close(complete)
					}()
					select {
					case left := <-killed:
						kills++
						stop()
						if state = left; left == "" {
							state = t.TempDir()
						}
					case <-complete:
						done = true
						stop()
					}
				}
				got := s.texts("shop/api@web-1")
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || kills < 3 {
					t.Errorf("%d records after %d kills, want %d", len(got), kills, len(want))
				}
			})
		}
	}
}

// TestRecordThatWasEndedIsEndedThereAgain: half of a trace was sent because nothing more came, and the sender was killed before it knew that it had
// arrived. Its other half must not get lost under the name of the first one.
func TestRecordThatWasEndedIsEndedThereAgain(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			api := m.log("shop", "api")
			state := t.TempDir()
			left := make(chan string, 1)
			s.after = func(n int) {
				if n == 1 {
					left <- copyFolder(t, state)
					panic(http.ErrAbortHandler)
				}
			}
			joined := func(t *Target) { t.Join = []Join{{Rule: join.Start(regexp.MustCompile(`^\S`))}} }
			m.write(api, "begins\n  first", 1, 2)
			stop := start(t, m, state, log, target(s.URL, ofType(kind), joined))
			state = <-left
			stop()
			m.write(api, "  second", 2, 3)
			m.write(api, "next", 3, 4)
			start(t, m, state, log, target(s.URL, ofType(kind), joined))
			s.await(3)
			want := []string{"begins\n  first 1", "  second 2", "next 3"}
			if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) || s.twice+strings.Count(kind, "elasticsearch") < 1 {
				t.Errorf("%q, %d twice", got, s.twice)
			}
		})
	}
}

// TestJoinsAndRedacts: over the boundary of files and batches, and nothing of a secret that a record has leaves.
func TestJoinsAndRedacts(t *testing.T) {
	m, s, log := newMachine(t), newStore(t), &said{t: t}
	s.before = func(_ http.ResponseWriter, body string, _ int) bool {
		if strings.Contains(body, "hunter") {
			t.Errorf("it leaves: %q", body)
		}
		return true
	}
	api := m.log("shop", "api")
	var want []string
	for i := range 500 {
		m.write(api, "-----BEGIN PRIVATE KEY-----\nhunter\n-----END PRIVATE KEY----- password=hunter"+strings.Repeat("2", i%30)+" \n\tat", i, i+1)
		want = append(want, fmt.Sprintf("*** password=*** \n\tat %d", i))
	}
	var rules []redact.Rule
	for _, name := range []string{"privateKey", "password"} {
		rule, _ := redact.Known(name)
		rules = append(rules, rule)
	}
	start(t, m, t.TempDir(), log, target(s.URL, func(t *Target) {
		t.Gzip, t.Redact, t.Join = false, rules, []Join{{Programs: []string{"shop/api"}, Rule: join.Start(regexp.MustCompile(`^-----BEGIN`))}}
	}))
	s.await(500)
	if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) {
		t.Errorf("%d records, want %d: %q", len(got), len(want), got[:min(3, len(got))])
	}
}

// TestKeyAcrossARestart: a program prints a private key, each line of which is a record, and the observer ends within it. The successor knows
// what the lines are that it begins with.
func TestKeyAcrossARestart(t *testing.T) {
	m, s, log := newMachine(t), newStore(t), &said{t: t}
	api, state := m.log("shop", "api"), t.TempDir()
	rule, _ := redact.Known("privateKey")
	withRule := target(s.URL, func(t *Target) { t.Redact = []redact.Rule{rule} })
	put := func(lines ...string) {
		t.Helper()
		if _, err := io.WriteString(api, strings.Join(lines, "\n")+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	put("before", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADAN")
	stop := start(t, m, state, log, withRule)
	s.await(3)
	stop()
	put("BgkqhkiG9w0=", "-----END PRIVATE KEY-----", "after")
	start(t, m, state, log, withRule)
	s.await(6)
	if got, want := s.texts("shop/api@web-1"), []string{"before", "***", "***", "***", "***", "after"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMain is the observer that TestKilledShipper kills, where it is asked to be one.
func TestMain(m *testing.M) {
	root, url := os.Getenv("DARUMA_TEST_SHIP_FROM"), os.Getenv("DARUMA_TEST_SHIP_TO")
	if root == "" {
		os.Exit(m.Run())
	}
	source := (&machine{root: root}).logs()
	kind, _, _ := strings.Cut(filepath.Base(os.Getenv("DARUMA_TEST_SHIP_STATE")), "-")
	o := Options{State: os.Getenv("DARUMA_TEST_SHIP_STATE"), Say: func(line string) { fmt.Fprintln(os.Stderr, line) }, logs: source,
		Config: Config{Machine: "web-1", Targets: []Target{target(url, ofType(kind))}}, every: 20 * time.Millisecond,
		pause: func(ctx context.Context, d time.Duration) { sleep(ctx, min(d, 10*time.Millisecond)) }}
	shipper, err := Open(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	shipper.Run(ctx)
}

// TestKilledShipper: the observer is killed 10 times (DARUMA_SHIP_KILLS) at any moment, and the store breaks off every few requests, before or
// after it has stored them, while a program writes. Each line is in a store once that looks at the names.
func TestKilledShipper(t *testing.T) {
	kills := 10
	if n := os.Getenv("DARUMA_SHIP_KILLS"); n != "" {
		if _, err := fmt.Sscan(n, &kills); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			testKilledShipper(t, kind, kills/2)
		})
	}
}

func testKilledShipper(t *testing.T, kind string, kills int) {
	m, s := newMachine(t), newStore(t)
	rng := rand.New(rand.NewPCG(1, uint64(len(kind))))
	s.before = func(http.ResponseWriter, string, int) bool {
		if rng.IntN(7) == 0 {
			panic(http.ErrAbortHandler)
		}
		return true
	}
	s.after = func(int) {
		if rng.IntN(7) == 0 {
			panic(http.ErrAbortHandler)
		}
	}
	api := m.log("shop", "api")
	state := filepath.Join(t.TempDir(), kind+"-state")
	var want []string
	for kill := 0; kill <= kills; kill++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "DARUMA_TEST_SHIP_FROM="+m.root, "DARUMA_TEST_SHIP_TO="+s.URL, "DARUMA_TEST_SHIP_STATE="+state)
		var errs strings.Builder
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		goal := len(s.records) + rng.IntN(1500)
		s.mu.Unlock()
		want = append(want, m.write(api, "api", len(want), len(want)+2000)...)
		if kill == kills {
			goal = len(want)
		}
		s.await(min(goal, len(want)))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 1 {
			t.Errorf("it ended: %v, %s", errors.Join(err), errs.String())
		}
	}
	got := s.texts("shop/api@web-1")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
	t.Logf("%d lines, %d kills, %d lines sent again", len(got), kills, s.twice)
}
