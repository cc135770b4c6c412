package shipping

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPoisonedLines: what nobody should write arrives as text, a line of 20 MiB in parts, and no request is larger than a batch and a record.
func TestPoisonedLines(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			most := 0
			s.before = func(_ http.ResponseWriter, body string, _ int) bool {
				most = max(most, len(body))
				return true
			}
			long := strings.Repeat("0123456789abcdef", 20<<20/16) + "end"
			lines := []string{"", "\x00\x01\x02", "a\xff\xfeb", "<script>alert('\u2028')</script>", "\x1b]0;title\x07\x1b[31mred", `{"@timestamp":"x","_id":1}`, "\r"}
			api := m.log("shop", "api")
			for _, line := range append(lines, long) {
				if _, err := api.Write([]byte(line + "\n")); err != nil {
					t.Fatal(err)
				}
			}
			start(t, m, t.TempDir(), log, target(s.URL, ofType(kind)))
			s.await(len(lines) + 21)
			got := s.texts("shop/api@web-1")
			for i, line := range lines {
				if want := strings.ToValidUTF8(line, "\ufffd"); strings.ReplaceAll(got[i], "\ufffd\ufffd", "\ufffd") != want {
					t.Errorf("%q arrives as %q", line, got[i])
				}
			}
			if whole := strings.Join(got[len(lines):], ""); whole != long {
				t.Errorf("%d bytes of a line of %d", len(whole), len(long))
			}
			if most > minBatch+1<<20+1000 {
				t.Errorf("a request of %d bytes", most)
			}
			if all := log.all(); all != "" {
				t.Error(all)
			}
		})
	}
}

// TestDeletedBeforeItWasRead: while the observer is away retention deletes what wasn't shipped. What is left arrives, and what is missing is said.
func TestDeletedBeforeItWasRead(t *testing.T) {
	m, s, log := newMachine(t), newStore(t), &said{t: t}
	api, state := m.log("shop", "api"), t.TempDir()
	m.write(api, "api", 0, 10)
	stop := start(t, m, state, log, target(s.URL))
	s.await(10)
	stop()
	lines := m.write(api, "api", 10, 5000)
	gone, err := filepath.Glob(filepath.Join(m.root, "shop", "api.0000000[12]-*"))
	if err != nil || len(gone) < 2 {
		t.Fatal(gone, err)
	}
	lost := 0
	for _, path := range gone {
		if text, err := os.ReadFile(path); err == nil && strings.HasSuffix(path, ".log") {
			lost += strings.Count(string(text), "\n")
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	start(t, m, state, log, target(s.URL))
	s.await(5000 - lost + 10)
	log.await(1)
	if got := s.texts("shop/api@web-1")[10:]; !slices.Equal(got, lines[lost-10:]) {
		t.Errorf("%d lines, want %d", len(got), len(lines)-lost+10)
	}
	if all := log.all(); !strings.Contains(all, "output of api was deleted before it was read: the rest of file 1, and 1 files after it") {
		t.Error(all)
	}
}

// TestLogFolderThatCannotBeRead: it is said once, and the others are shipped.
func TestLogFolderThatCannotBeRead(t *testing.T) {
	m, s, log := newMachine(t), newStore(t), &said{t: t}
	if err := os.WriteFile(filepath.Join(m.root, "broken"), nil, 0o600); err != nil { // a file in the place of a folder
		t.Fatal(err)
	}
	want := m.write(m.log("shop", "api"), "api", 0, 10)
	start(t, m, t.TempDir(), log, target(s.URL))
	s.await(10)
	log.await(1)
	if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) || len(log.list) != 1 || !strings.Contains(log.list[0], "the logs of broken can't be read") {
		t.Errorf("%q, %q", got, log.list)
	}
}

// TestTwoObservers: the second one refuses to ship by the positions of the first.
func TestTwoObservers(t *testing.T) {
	m, s, state := newMachine(t), newStore(t), t.TempDir()
	start(t, m, state, &said{t: t}, target(s.URL))
	_, err := Open(Options{Config: Config{Machine: "web-1", Targets: []Target{target(s.URL)}}, State: state, Say: func(string) {}, logs: m.logs()})
	if err == nil || !strings.Contains(err.Error(), "another observer (process ") {
		t.Error(err)
	}
}

// TestOpenRefuses: what is wrong with the files that observe.yaml names, all of it at once, and positions that can't be read.
func TestOpenRefuses(t *testing.T) {
	state := t.TempDir()
	open := func(change func(*Target)) error {
		s, err := Open(Options{Config: Config{Machine: "web-1", Targets: []Target{target("http://store.example.com", change)}}, State: state, Say: func(string) {}})
		if err == nil {
			s.Close()
		}
		return err
	}
	err := open(func(t *Target) {
		t.BearerTokenFile, t.CAFile, t.Username = filepath.Join(state, "token"), filepath.Join(state, "ca"), "bob"
	})
	for _, want := range []string{"shipping.targets.store.bearerTokenFile: ", "shipping.targets.store.caFile: ", "shipping.targets.store.username: goes with passwordFile",
		"shipping.targets.store.url: must begin with https://"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(state, "store.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(func(*Target) {}); err == nil || !strings.Contains(err.Error(), "how far logs were shipped to store isn't known") {
		t.Error(err)
	}
}

// TestBeginNow: a new target doesn't get what was there; the next observer goes on, also with what was written in between.
func TestBeginNow(t *testing.T) {
	m, s, log, state := newMachine(t), newStore(t), &said{t: t}, t.TempDir()
	api := m.log("shop", "api")
	m.write(api, "old", 0, 1000)
	now := target(s.URL, func(t *Target) { t.AtEnd = true })
	shipper, err := Open(Options{Config: Config{Machine: "web-1", Targets: []Target{now}}, State: state, Say: log.say, logs: m.logs()})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	shipper.Run(ended) // it has seen the log, and nothing else
	shipper.Close()
	want := m.write(api, "new", 0, 500)
	want2 := m.write(m.log("shop", "worker"), "new", 0, 5)
	start(t, m, state, log, now)
	s.await(505)
	if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
	if got := s.texts("shop/worker@web-1"); !slices.Equal(got, want2) {
		t.Errorf("%q", got)
	}
}

// TestBeginNowWhereTheFolderIsClosed: what is in a folder that can't be read when the target is new isn't shipped when it can be, by this observer
// or the next; what comes then is.
func TestBeginNowWhereTheFolderIsClosed(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		t.Run(fmt.Sprintf("restarted=%v", restarted), func(t *testing.T) {
			m, s, log, state := newMachine(t), newStore(t), &said{t: t}, t.TempDir()
			api := m.log("shop", "api")
			m.write(api, "old", 0, 1000)
			m.closed.Store("shop")
			now := target(s.URL, func(t *Target) { t.AtEnd = true })
			stop := start(t, m, state, log, now)
			said := 1
			log.await(said)
			if restarted {
				stop()
				start(t, m, state, log, now)
				said++
				log.await(said)
			}
			m.closed.Store("")
			log.await(said + 1)
			want := m.write(api, "new", 0, 50)
			s.await(50)
			if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) || !strings.Contains(log.all(), "the logs of shop can be read again") {
				t.Errorf("%d lines, want %d; %s", len(got), len(want), log.all())
			}
		})
	}
}

// TestBeginNowWhereTheFolderIsOpenedMeanwhile: a folder that can be read again while the receiver is away is found then, not when it is back: what
// its programs write from then on is shipped.
func TestBeginNowWhereTheFolderIsOpenedMeanwhile(t *testing.T) {
	m, s, log := newMachine(t), newStore(t), &said{t: t}
	api, mail := m.log("shop", "api"), m.log("mail", "smtp")
	m.write(api, "old", 0, 1000)
	m.closed.Store("shop")
	var well atomic.Bool
	s.before = func(w http.ResponseWriter, _ string, _ int) bool {
		if !well.Load() {
			w.Header().Set("Retry-After", "90")
			http.Error(w, "away", http.StatusServiceUnavailable)
		}
		return well.Load()
	}
	start(t, m, t.TempDir(), log, target(s.URL, func(t *Target) { t.AtEnd = true }))
	log.await(1) // the folder can't be read
	m.write(mail, "mail", 0, 10)
	log.await(2) // it doesn't arrive
	m.closed.Store("")
	log.await(3)
	want := m.write(api, "new", 0, 50)
	well.Store(true)
	s.await(60)
	if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) || !strings.Contains(log.all(), "the logs of shop can be read again") {
		t.Errorf("%d lines, want %d; %s", len(got), len(want), log.all())
	}
	if log.mu.Lock(); log.waits[0] != searchEvery { // the first part of 90 s
		t.Errorf("waits %v", log.waits)
	}
	log.mu.Unlock()
}
