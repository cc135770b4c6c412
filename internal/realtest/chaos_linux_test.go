package realtest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestChaos: programs, supervisors and orders fall upon each other at random, for 25 s (DARUMA_LONG=1: 10 min). At every
// moment no program may run twice; once it is quiet everything must be as it was asked for, and nothing more. Then the
// keeper is killed, and the next one finds no trace. DARUMA_SEED plays the same dice again; what they hit depends on time.
func TestChaos(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("DARUMA_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("DARUMA_SEED=%d", seed)
	port := freePort(t)
	c := &chaos{t: t, port: port, listen: freePort(t), rng: rand.New(rand.NewPCG(seed, 0)), seed: seed}
	for c.listen == port {
		c.listen = freePort(t)
	}
	c.verbs = map[string]string{
		"plain": "hang", "deaf": "ignore-stop", "slow": "grace -after 20ms", "family": "fork -n 2 -daemon -ignore",
		"loud": "flood -rate 2000", "web": fmt.Sprintf("http -addr 127.0.0.1:%d", port), "socket": "http -listen-fds",
		"weak": "exit -after 400ms -code 3", "child": "hang",
	}
	c.s = in(t, c.definition(0), `exec "$@" --quiet`)
	c.file = filepath.Join(filepath.Dir(c.s.home), "daruma.yaml")
	c.settle("at first")
	st, _ := c.s.status("plain")
	c.keeper = st.KeeperPID
	open := len(descriptors(t, c.keeper)) + 6 // hooks and probes have none, but a weak program's runs come and go

	c.rage(time.Duration(rounds(25, 600)) * time.Second)
	c.settle("in the end")
	c.checkUnwanted("deaf", "family")
	c.checkIncidents()
	c.checkEvents()
	c.s.wantDescriptors("keeper", c.keeper, open)
	if _, ok := look(c.keeper); !ok {
		t.Fatal("the keeper fell")
	}
	c.killKeeper()
}

type chaos struct {
	t            *testing.T
	s            *service
	rng          *rand.Rand
	seed         uint64
	port, listen int
	file         string
	keeper       int
	verbs        map[string]string // testprog's arguments, by program

	files sync.Mutex // the definition
}

// definition has all programs; variant says in which of them something differs.
func (c *chaos) definition(variant int) string {
	prog := testbin.Path(c.t)
	text := "name: real\nprograms:\n"
	for i, name := range slices.Sorted(maps.Keys(c.verbs)) {
		var words []string
		for _, w := range append([]string{prog}, strings.Fields(c.verbs[name])...) {
			words = append(words, strconv.Quote(w))
		}
		text += fmt.Sprintf("  %s:\n    command: [%s]\n    backoff: {initialSeconds: 0.05, maxSeconds: 0.4, resetAfterSeconds: 1}\n", name, strings.Join(words, ", "))
		if variant>>i&1 == 1 {
			text += fmt.Sprintf("    env: {VARIANT: \"%d\"}\n", variant)
		}
		switch name {
		case "deaf", "family":
			text += "    terminationGracePeriodSeconds: 0.1\n"
		case "web":
			text += fmt.Sprintf("    livenessProbe: {httpGet: {path: /health, port: %[1]d}, periodSeconds: 0.2, failureThreshold: 2}\n"+
				"    readinessProbe: {httpGet: {path: /health, port: %[1]d}, periodSeconds: 0.1}\n", c.port)
		case "socket":
			text += fmt.Sprintf("    listen: [{name: web, address: \"127.0.0.1:%d\"}]\n", c.listen)
		case "slow":
			text += "    lifecycle: {preStop: {exec: {command: [/bin/true]}}}\n    livenessProbe: {exec: {command: [/bin/true]}, periodSeconds: 0.1}\n"
		case "child":
			text += "    dependsOn: {web: ready}\n"
		}
	}
	if variant>>len(c.verbs)&1 == 1 {
		text += fmt.Sprintf("  extra%d: {command: [%q, hang]}\n", variant&3, prog)
	}
	return text
}

// rage lets everything loose for a while.
func (c *chaos) rage(d time.Duration) {
	ctx, cancel := context.WithTimeout(c.t.Context(), d)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { c.watchDoubles(ctx) })
	for n := range 3 {
		group.Go(func() { c.command(ctx, rand.New(rand.NewPCG(c.seed, uint64(n)+1))) })
	}
	group.Go(func() {
		for ctx.Err() == nil {
			_, _ = c.s.client.Status(ctx) // there may be no supervisor at the moment
		}
	})
	for ctx.Err() == nil {
		c.hit()
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(c.rng.IntN(120)) * time.Millisecond):
		}
	}
	group.Wait()
}

// hit has a random process fall or stand still: now and then the supervisor, else a program.
func (c *chaos) hit() {
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGSTOP, syscall.SIGTERM}
	sig := signals[c.rng.IntN(len(signals))]
	var victims []process
	if c.rng.IntN(8) == 0 {
		sig = syscall.SIGKILL
		for _, p := range descendants(c.t, c.keeper) {
			if p.parent == c.keeper && arguments(p.pid, 1) == "supervisor" {
				victims = append(victims, p)
			}
		}
	} else {
		for _, list := range c.mains() {
			victims = append(victims, list...)
		}
		slices.SortFunc(victims, func(a, b process) int { return a.pid - b.pid })
	}
	if len(victims) == 0 {
		return
	}
	v := victims[c.rng.IntN(len(victims))]
	fd, err := unix.PidfdOpen(v.pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if v.lives() { // the number isn't another's
		_ = unix.PidfdSendSignal(fd, sig, nil, 0)
	}
}

// command asks for something at random, again and again. An error is an answer too.
func (c *chaos) command(ctx context.Context, rng *rand.Rand) {
	verbs := []control.Verb{control.VerbStart, control.VerbStart, control.VerbStop, control.VerbRestart, control.VerbPause, control.VerbResume, control.VerbResume, control.VerbReload}
	names := append(slices.Sorted(maps.Keys(c.verbs)), "")
	for ctx.Err() == nil {
		cmd := control.Command{Verb: verbs[rng.IntN(len(verbs))], Program: names[rng.IntN(len(names))], Reason: "chaos"}
		if cmd.Verb == control.VerbReload {
			cmd.Program = ""
			c.define(rng.IntN(1 << (len(c.verbs) + 1)))
		}
		if cmd.Verb == control.VerbStop || cmd.Verb == control.VerbRestart {
			grace := float64(rng.IntN(3)) / 10
			cmd.GraceSeconds = &grace
		}
		patience, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(300))*time.Millisecond)
		_, _ = c.s.client.Command(patience, cmd)
		cancel()
	}
}

// define puts a definition in place, whole.
func (c *chaos) define(variant int) {
	c.files.Lock()
	defer c.files.Unlock()
	write(c.t, c.file+".new", c.definition(variant))
	if err := os.Rename(c.file+".new", c.file); err != nil {
		c.t.Error(err)
	}
}

// mains gives the main processes of each program by the mark in their environment; what they forked runs another verb.
func (c *chaos) mains() map[string][]process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		c.t.Error(err)
	}
	mains := map[string][]process{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if name, main := c.belongs(pid); main {
			// The child of a vfork looks like its parent until its exec.
			if p, ok := look(pid); ok && p.state != "Z" && p.state != "X" && arguments(p.parent, 1) == "keeper" {
				mains[name] = append(mains[name], p)
			}
		}
	}
	return mains
}

// belongs says to which program of this service a process belongs, and whether it is its main process.
func (c *chaos) belongs(pid int) (name string, main bool) {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return "", false
	}
	ours := false
	for v := range strings.SplitSeq(string(env), "\x00") {
		if mark, ok := strings.CutPrefix(v, "DARUMA_RUN="); ok {
			parts := strings.Split(mark, "/")
			if len(parts) == 3 {
				name = parts[1]
			}
		}
		ours = ours || v == "DARUMA_HOME="+c.s.home
	}
	if !ours || name == "" {
		return "", false
	}
	verb, ok := c.verbs[name]
	if !ok {
		verb = "hang" // extra
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return name, err == nil && strings.TrimSuffix(string(line), "\x00") ==
		strings.Join(append([]string{testbin.Path(c.t)}, strings.Fields(verb)...), "\x00")
}

// arguments gives one word of a process' command line.
func arguments(pid, n int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	words := strings.Split(string(line), "\x00")
	if n >= len(words) {
		return ""
	}
	return words[n]
}

// watchDoubles looks for a program that runs twice. A look at /proc isn't one moment: the first of two counts only
// if it still lives once the second has been seen.
func (c *chaos) watchDoubles(ctx context.Context) {
	looks := 0
	for ; ctx.Err() == nil; looks++ {
		time.Sleep(2 * time.Millisecond) // sleep: the others need the processors too
		for name, list := range c.mains() {
			var alive []process
			for _, p := range list {
				if now, ok := look(p.pid); ok && now.started == p.started && now.state != "Z" && now.state != "X" {
					alive = append(alive, now)
				}
			}
			if len(alive) > 1 {
				c.t.Errorf("%s runs %d times: %v", name, len(alive), alive)
			}
		}
	}
	c.t.Logf("%d looks for doubles", looks)
}

// settle asks for everything but two programs to run, and waits until exactly that is so.
func (c *chaos) settle(when string) {
	c.t.Helper()
	c.define(0)
	order := func(cmd control.Command) {
		c.s.eventually(string(cmd.Verb)+" is heard", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_, err := c.s.client.Command(ctx, cmd)
			// An answer that takes long is none of our business: a program that always falls is never ready.
			return err == nil || ctx.Err() != nil
		})
	}
	order(control.Command{Verb: control.VerbReload})
	order(control.Command{Verb: control.VerbResume})
	for name := range c.verbs {
		if name != "weak" && name != "child" { // child waits for web
			order(control.Command{Verb: control.VerbStart, Program: name})
		}
	}
	order(control.Command{Verb: control.VerbStart, Program: "child"})
	order(control.Command{Verb: control.VerbStart, Program: "weak"})
	problem := ""
	c.t.Cleanup(func() {
		if c.t.Failed() {
			c.t.Logf("%s: %s", when, problem)
		}
	})
	if when != "at first" {
		order(control.Command{Verb: control.VerbStop, Program: "deaf"})
		order(control.Command{Verb: control.VerbStop, Program: "family"})
	}
	c.s.eventually("everything is as it was asked for "+when, func() bool {
		problem = c.unsettled()
		return problem == ""
	})
}

// unsettled says what isn't as it should be, or "".
func (c *chaos) unsettled() string {
	st, err := c.s.client.Status(c.t.Context())
	if err != nil {
		return err.Error()
	}
	mains := c.mains()
	if len(st.Programs) != len(c.verbs) {
		return fmt.Sprintf("%d programs in status", len(st.Programs))
	}
	for _, p := range st.Programs {
		list := mains[p.Name]
		delete(mains, p.Name)
		switch {
		case p.Name == "weak" && p.Wanted:
			continue // it runs or waits for its next start
		case !p.Wanted && (len(list) != 0 || p.State != control.StateStopped):
			return fmt.Sprintf("%s isn't wanted: %s, processes %v", p.Name, p.State, list)
		case p.Wanted && (p.State != control.StateRunning || !p.Ready || len(list) != 1 || list[0].pid != p.PID):
			return fmt.Sprintf("%s is wanted: %+v, processes %v", p.Name, p, list)
		}
	}
	if len(mains) > 0 {
		return fmt.Sprintf("unknown programs: %v", mains)
	}
	return ""
}

// checkUnwanted wants no process at all of these programs, be it main or not.
func (c *chaos) checkUnwanted(names ...string) {
	c.t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if name, _ := c.belongs(pid); slices.Contains(names, name) {
				p, ok := look(pid)
				if ok && p.state != "Z" {
					c.t.Errorf("%s is stopped and still has %v", name, p)
				}
			}
		}
	}
}

// checkIncidents wants no incident open but that of the program which always falls.
func (c *chaos) checkIncidents() {
	c.t.Helper()
	var open []incident.Incident
	defer func() {
		if c.t.Failed() {
			c.t.Logf("open: %+v", open)
		}
	}()
	c.s.eventually("incidents are closed", func() bool {
		open = nil
		for _, i := range c.s.incidents() {
			if i.Outcome == incident.Ongoing && i.Program != "weak" {
				open = append(open, i)
			}
		}
		return len(open) == 0
	})
}

// checkEvents wants each supervisor's events without a gap. Those of one that died may lack their end.
func (c *chaos) checkEvents() {
	c.t.Helper()
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	seen := map[uint64][]uint64{}
	for _, e := range c.s.events {
		if e.Kind == control.EventLagged {
			c.t.Errorf("lagged: %s", show(e))
		}
		if e.Seq != 0 {
			seen[e.Seq>>32] = append(seen[e.Seq>>32], e.Seq&(1<<32-1))
		}
	}
	for session, list := range seen {
		slices.Sort(list)
		list = slices.Compact(list)
		for n, seq := range list {
			if seq != uint64(n)+1 {
				c.t.Errorf("supervisor %d: event %d follows %d others", session, seq, n)
				break
			}
		}
	}
	c.t.Logf("%d events of %d supervisors", len(c.s.events), len(seen))
}

// killKeeper kills it and starts daruma again: at once, while its supervisor still buries the dead.
func (c *chaos) killKeeper() {
	c.t.Helper()
	old := descendants(c.t, c.keeper)
	for _, list := range c.mains() {
		old = append(old, list...)
	}
	if err := syscall.Kill(c.keeper, syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	c.s.eventually("the keeper is dead", func() bool { // a busy machine takes its time for that
		p, ok := look(c.keeper)
		return !ok || p.state == "Z"
	})
	c.s = again(c.s, c.file)
	c.settle("at first")
	for _, p := range old {
		if now, ok := look(p.pid); ok && now.started == p.started && now.state != "Z" {
			c.t.Errorf("%v outlived its keeper", now)
		}
	}
}

// again starts daruma on the same folders as before.
func again(before *service, file string) *service {
	s := &service{t: before.t, name: before.name, home: before.home, daruma: before.daruma}
	s.begin(exec.Command(before.daruma, "run", "--quiet", file))
	return s
}
