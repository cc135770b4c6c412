package realtest

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// countersOf gives the counters of an exposition, the parts of histograms among them, by series. What the end of the observer cut off isn't one.
func countersOf(t *testing.T, body string) map[string]float64 {
	t.Helper()
	counters := map[string]float64{}
	for line := range strings.Lines(body) {
		series, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, _, _ := strings.Cut(series, "{")
		counts := false
		for _, suffix := range []string{"_total", "_bucket", "_count", "_sum"} {
			counts = counts || strings.HasSuffix(name, suffix)
		}
		if !counts || strings.HasPrefix(line, "#") || !strings.HasSuffix(line, "\n") {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		counters[series] = n
	}
	return counters
}

// scraped starts an observer, which is scraped without a pause until it is dead. The answers end with it; the last may be cut off.
func scraped(t *testing.T, home string) (*exec.Cmd, <-chan string) {
	t.Helper()
	o := as(t, os.Geteuid(), home, "observer", "--listen", "127.0.0.1:0")
	out, err := o.StdoutPipe()
	if err == nil {
		err = o.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("an observer doesn't begin: %v", err)
	}
	url := strings.TrimSpace(strings.TrimPrefix(line, "metrics on "))
	answers := make(chan string, 10_000)
	go func() {
		defer close(answers)
		for {
			answer, err := http.Get(url)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			answers <- string(body)
		}
	}()
	return o, answers
}

// TestCountersOverKilledObservers: observers are killed (SIGKILL) at random moments, many while they answer or write down what they have counted,
// and so are programs and supervisors. No counter that a scrape gave is ever less in a later one. DARUMA_SEED plays the same dice again.
func TestCountersOverKilledObservers(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("DARUMA_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("DARUMA_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	s := run(t, folder(t), `name: real
programs:
  one: {command: [/bin/sh, -c, 'while echo x; do sleep 0.02; done'], backoff: {initialSeconds: 0}}
  two: {command: [/bin/sh, -c, 'echo begun; exec sleep 1000'], backoff: {initialSeconds: 0}, livenessProbe: {exec: {command: ["true"]}, periodSeconds: 1}}
`)
	s.awaitReady("one", 0)
	s.awaitReady("two", 0)
	before := map[string]float64{}
	scrapes, killed := 0, 0
	for life := range rounds(8, 300) {
		o, answers := scraped(t, s.home)
		if _, p := s.status([]string{"one", "two"}[rng.IntN(2)]); p.PID != 0 && syscall.Kill(p.PID, syscall.SIGKILL) == nil {
			killed++
		}
		supervisor := 0
		if st, err := s.client.Status(t.Context()); err == nil && life%4 != 1 {
			supervisor = st.SupervisorPID
		}
		moment := time.Duration(rng.IntN(30_000)) * time.Microsecond
		if life%4 == 0 {
			moment += 600 * time.Millisecond // one that looks more than once
		}
		time.Sleep(moment) // sleep: it is killed at a random moment
		if err := o.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if supervisor != 0 { // at the same time: the next observer sees counts that begin anew
			_ = syscall.Kill(supervisor, syscall.SIGKILL)
		}
		for body := range answers {
			scrapes++
			for series, n := range countersOf(t, body) {
				if n < before[series] {
					t.Errorf("observer %d: %s went from %v to %v", life, series, before[series], n)
				}
				before[series] = n
			}
		}
		_ = o.Wait() // it says: killed
	}

	// The counters of an observer that lives agree with what happened.
	s.eventually("all restarts are counted", func() bool {
		st, err := s.client.Status(t.Context())
		return err == nil && restartsOf(&st) >= killed
	})
	o := observe(t, s.home, os.Geteuid())
	last := countersOf(t, o.scrape())
	for series, n := range before {
		if last[series] < n {
			t.Errorf("in the end: %s went from %v to %v", series, n, last[series])
		}
	}
	restarts := 0.0
	for series, n := range last {
		if strings.HasPrefix(series, "daruma_program_restarts_total{") {
			restarts += n
		}
	}
	if int(restarts) < killed || scrapes < 8 || last[`daruma_program_log_bytes_total{program="one",service="real"}`] == 0 {
		t.Errorf("%d scrapes, %v restarts after %d kills: little was seen\n%s", scrapes, restarts, killed, fmt.Sprint(last))
	}
}

func restartsOf(st *control.Status) (n int) {
	for i := range st.Programs {
		n += st.Programs[i].Restarts
	}
	return n
}
